import type { InstanceState, Launch } from '../life/lifecycle.ts';
import { currentRun } from '../life/transitions.ts';
import type { Engines, Served } from '../ports/engine-adapter.ts';
import type { EngineTarget } from '../ports/engine-endpoint.ts';
import type { InstanceRecord } from '../ports/instance-record.ts';

export interface ServedFactsDependencies {
  engines: Pick<Engines, 'find'>;
  /** Where the engine of a launch answers. @param instance Id. */
  targetOf: (instance: string, launch: Launch) => EngineTarget;
}

/** The instance that changed. */
interface Changed {
  readonly record: InstanceRecord;
  readonly state: InstanceState;
  readonly isClosed: boolean;
}

interface Asked {
  run: number;
  facts: Served | null;
}

/** Owns what running engines reported about themselves. Asks each run once, when it is ready. */
export class ServedFacts {
  readonly #dependencies: ServedFactsDependencies;
  /** By id of the instance. */
  readonly #asked = new Map<string, Asked>();

  constructor(dependencies: ServedFactsDependencies) {
    this.#dependencies = dependencies;
  }

  /** Call it after each change of an instance. */
  look({ record: { id }, state, isClosed }: Changed): void {
    const run = currentRun(state);
    const isAsked = run !== null && this.#asked.get(id)?.run === run.number;
    if (!isAsked) this.#asked.delete(id);
    if (isClosed || isAsked || state.status !== 'running' || run === null || run.launch === null) return;
    const asked: Asked = { run: run.number, facts: null };
    this.#asked.set(id, asked);
    const { engines, targetOf } = this.#dependencies;
    void engines
      .find(run.launch.engine)
      ?.served(targetOf(id, run.launch))
      .then((facts) => {
        asked.facts = facts;
      });
  }

  /** Facts that the current run of an instance reported; `null`: none. The same object while the run does not change. */
  of(id: string): Served | null {
    return this.#asked.get(id)?.facts ?? null;
  }
}
