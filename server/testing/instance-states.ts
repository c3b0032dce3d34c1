import type { Launch, Ending, InstanceState, Run } from '../instances/life/lifecycle.ts';
import type { LaunchPlan, ProcessIdentity } from '../instances/ports/runs.ts';

/** Sample states for tests of the domain, one for each column of the state table. */

export const PLAN: LaunchPlan = {
  command: '/opt/engine',
  argv: ['--port', '8100'],
  environment: {},
  keyVariable: null,
  port: 8100,
  healthPath: '/health',
};
export const LAUNCH: Launch = { engine: 'llama_cpp', nonce: '1-abc', key: null, plan: PLAN };
export const IDENTITY: ProcessIdentity = { pid: 4_242, startTicks: 77, bootId: 'boot-a', group: 4_241 };

const MEMORY = { runs: 1, restarts: 0, lastExit: null };

export function aRun(run: Partial<Run> = {}): Run {
  return {
    number: 1,
    cause: 'command',
    wantedByUser: true,
    launch: LAUNCH,
    identity: IDENTITY,
    startedAt: 1_000,
    readyAt: null,
    ...run,
  };
}

export const READY: Partial<Run> = { readyAt: 2_000 };

export const stopped = (): InstanceState => ({ ...MEMORY, status: 'stopped' });
export const failed = (): InstanceState => ({ ...MEMORY, status: 'failed', reason: 'no such model' });
export const queued = (run: Partial<Run> = {}): InstanceState => ({
  ...MEMORY,
  status: 'starting',
  phase: 'queued',
  run: aRun({ launch: null, identity: null, startedAt: null, ...run }),
});
export const preparing = (): InstanceState => ({ ...queued(), phase: 'preparing' }) as InstanceState;
export const spawning = (run: Partial<Run> = {}): InstanceState => ({
  ...MEMORY,
  status: 'starting',
  phase: 'spawning',
  run: aRun({ identity: null, startedAt: null, ...run }),
});
export const loading = (run: Partial<Run> = {}): InstanceState => ({
  ...MEMORY,
  status: 'starting',
  phase: 'loading',
  run: aRun(run),
});
export const running = (run: Partial<Run> = {}): InstanceState => ({
  ...MEMORY,
  status: 'running',
  run: aRun({ ...READY, ...run }),
});
export const stopping = (ending: Partial<Ending> = {}, run: Partial<Run> = READY): InstanceState => ({
  ...MEMORY,
  status: 'stopping',
  run: aRun(run),
  ending: { phase: 'draining', deadline: 40_000, ...ending },
  goal: { kind: 'stopped' },
});
export const goingDown = (
  follows: 'start' | 'backoff',
  ending: Partial<Ending> = {},
  run: Partial<Run> = READY,
): InstanceState => ({
  ...MEMORY,
  status: 'restarting',
  phase: 'going-down',
  run: aRun(run),
  ending: { phase: 'draining', deadline: 40_000, ...ending },
  follows,
  reason: 'going down',
});
export const backoff = (until = 50_000): InstanceState => ({
  ...MEMORY,
  restarts: 2,
  status: 'restarting',
  phase: 'backoff',
  reason: 'backoff after: crash',
  until,
  wantedByUser: true,
  bootId: 'boot-a',
});
