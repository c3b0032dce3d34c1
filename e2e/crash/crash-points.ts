import { subscribe } from 'node:diagnostics_channel';
import { writeSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type { Interposition } from '../../server/instances/instances.ts';
import type { InstanceState } from '../../server/instances/life/lifecycle.ts';
import type { EffectRunner } from '../../server/instances/life/mailbox.ts';
import type { InstanceStore } from '../../server/instances/ports/instance-store.ts';
import type { Runs } from '../../server/instances/ports/runs.ts';

/**
 * The places at which a server can die between two things that it does to the outside: before and after each effect, each
 * fork of an engine, and each change of the store, while that is under way and when it is durable. From when it is armed it counts them, writes each into a journal, and dies at one.
 */
export class CrashPoints implements Interposition {
  readonly #journal: number;
  #dieAt: number | null = null;
  /** `null`: not armed. */
  #passed: number | null = null;
  /** Launches under way: what is forked meanwhile is forked for them. */
  #launching = 0;
  #isDying = false;

  /** @param journal An open file: `armed`, then a line for each point; the last one is that of the death. */
  constructor(journal: number) {
    this.#journal = journal;
  }

  /** @param dieAt Number of the point, from 0; `null`: it only counts. */
  arm(dieAt: number | null): void {
    this.#dieAt = dieAt;
    this.#passed = 0;
    writeSync(this.#journal, 'armed\n');
  }

  effects(runner: EffectRunner): EffectRunner {
    return {
      run: (effect, mailbox, signal) => {
        const what = `${effect.type} for ${mailbox.record.name}`;
        this.#pass(`before ${what}`);
        runner.run(effect, mailbox, signal);
        this.#pass(`after ${what} began`);
      },
    };
  }

  store(store: InstanceStore): InstanceStore {
    const names = new Map<string, string>();
    const around = async (what: string, write: () => Promise<void>): Promise<void> => {
      if (this.#isDying || this.#isDue(`while ${what}`)) return this.#dieSoon();
      await write();
      this.#pass(`after ${what}`);
    };
    return {
      dataDirId: store.dataDirId,
      load: () => store.load(),
      save: (instance, events) => {
        const { id, name } = instance.record;
        names.set(id, name);
        return around(`saving ${name} as ${nameOf(instance.state)}`, () => store.save(instance, events));
      },
      remove: (id, events) => around(`removing ${names.get(id) ?? id}`, () => store.remove(id, events)),
    };
  }

  runs(runs: Runs): Runs {
    subscribe('child_process', () => {
      // Node tells of a process right before it is forked, in the same turn.
      if (this.#launching > 0) queueMicrotask(() => this.#pass('after a fork'));
    });
    return {
      ...runs,
      spawn: async (...launch) => {
        this.#launching += 1;
        const identity = await runs.spawn(...launch).finally(() => (this.#launching -= 1));
        this.#pass('after the pid was known');
        return identity;
      },
    };
  }

  #pass(name: string): void {
    if (this.#isDue(name)) process.kill(process.pid, 'SIGKILL');
  }

  /** Passes a point: whether it is the one to die at. */
  #isDue(name: string): boolean {
    if (this.#passed === null || this.#isDying) return false;
    writeSync(this.#journal, `${name}\n`);
    this.#passed += 1;
    return this.#passed - 1 === this.#dieAt;
  }

  /** As on a slow disk: nothing is stored any more, and everything else goes on for a moment. */
  async #dieSoon(): Promise<never> {
    this.#isDying = true;
    await pause(SLOW_DISK_MS);
    process.kill(process.pid, 'SIGKILL');
    return new Promise(() => undefined);
  }
}

/** Long enough for work and messages that do not wait for the disk. */
const SLOW_DISK_MS = 60;

function nameOf(state: InstanceState): string {
  if ('ending' in state) return `${state.status} (${state.ending.phase})`;
  return 'phase' in state ? `${state.status} (${state.phase})` : state.status;
}
