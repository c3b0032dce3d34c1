import type { KeptContext } from '@llamactl/contract/instance';
import type { EngineTarget } from './engine-endpoint.ts';
import type { LaunchPlan } from './runs.ts';

/**
 * Keeps the context of engines over a stop: the computed prompts of their conversations (the KV cache). Only a launch
 * whose plan has a `context` can keep it.
 */
export interface Contexts {
  /**
   * Reads what earlier servers have saved, so that {@link kept} shows it, and forgets it for all instances that are not
   * in `keeping`. Never rejects.
   */
  load(keeping: ReadonlySet<string>): Promise<void>;
  /**
   * Prepares a launch: creates the folder that the engine requires, and begins to check the saved files. Resolves to the
   * key of the launch: saved contexts fit only launches with the same key. `null`: the folder or a file of the plan cannot
   * be used, so the context must be left out.
   */
  prepare(instance: string, plan: LaunchPlan): Promise<string | null>;
  /**
   * Restores the saved context into a ready engine that has no requests yet. A context that does not fit, or was changed
   * on the disk, is removed, and the engine starts without it. Begins no step after `until`, by `Clock.elapsed`. Never
   * rejects.
   */
  restore(run: ContextRun, until: number): Promise<void>;
  /**
   * Saves the context of an engine without requests. Begins no step after `until`, by `Clock.elapsed`. May check and
   * record the saved files after it has resolved. Never rejects.
   */
  save(run: ContextRun, until: number): Promise<void>;
  /**
   * Returns a function that takes the reuse of the run's first request after a restore; `null`: nothing was restored, or it
   * was measured. An engine that reuses nothing of what it restores gets no more contexts.
   */
  measurement(instance: string, run: number): ((reuse: ContextReuse | null) => void) | null;
  /** Removes the saved context of an instance. Never rejects. */
  forget(instance: string): Promise<void>;
  /** The saved context of an instance; `null`: none. */
  kept(instance: string): KeptContext | null;
  /** From now on another server owns all saved contexts: this one changes none. */
  close(): void;
}

/** How much of a prompt an engine reused. */
export interface ContextReuse {
  /** All tokens of the prompt. */
  prompt: number;
  /** Tokens that were not computed again. */
  cached: number;
}

/** A run whose context is kept. */
export interface ContextRun {
  /** Id of the instance. */
  instance: string;
  /** Its name, for the log. */
  name: string;
  /** Number of the run. */
  number: number;
  /** From {@link Contexts.prepare}. */
  key: string;
  target: EngineTarget;
}
