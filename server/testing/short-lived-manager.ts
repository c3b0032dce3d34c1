/**
 * A manager for tests to kill: spawns the given runs, prints them, and waits. Its argument is JSON of {@link ManagerOrders}.
 * When all runs are spawned it prints the identity of each as a line of JSON. With `waitForPids` false it prints nothing,
 * and kills itself as soon as the first wrapper exists.
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { systemClock } from '../clock.ts';
import type { LaunchPlan, RunReference } from '../instances/ports/runs.ts';
import { createSupervisor } from '../supervisor/supervisor.ts';

export interface ManagerOrders {
  dataDirId: string;
  inheritedEnvironment: Record<string, string>;
  spawns: { run: RunReference; plan: LaunchPlan }[];
  waitForPids: boolean;
}

async function main({ dataDirId, inheritedEnvironment, spawns, waitForPids }: ManagerOrders): Promise<void> {
  // Keeps this process alive: the supervisor's timers do not.
  setInterval(() => undefined, 2 ** 30);
  const log = { warn: (): void => undefined, error: (): void => undefined };
  const supervisor = createSupervisor({ dataDirId, inheritedEnvironment, clock: systemClock(), log });
  const listener = { onGone: (): void => undefined, onSurvives: (): void => undefined };
  const spawning = Promise.all(spawns.map(({ run, plan }) => supervisor.spawn(run, plan, {}, listener)));
  const first = spawns[0];
  if (!waitForPids && first) {
    while (!existsSync(path.join(first.run.folder, 'log'))) await new Promise(setImmediate);
    process.kill(process.pid, 'SIGKILL');
  }
  for (const identity of await spawning) process.stdout.write(`${JSON.stringify(identity)}\n`);
}

if (import.meta.main) await main(JSON.parse(process.argv[2] ?? '') as ManagerOrders);
