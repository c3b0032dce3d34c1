import type { VitalSigns } from '../ports/engine-adapter.ts';
import type { Progress } from '../ports/runs.ts';

/** Measurements of a run at one moment. */
export interface Look {
  /** Of `Clock.elapsed`. */
  at: number;
  /** `null`: the engine is dead or could not be measured. */
  progress: Progress | null;
  /** Bytes of the run's answers relayed so far. */
  answered: number;
}

/** Changes between two looks. CPU time alone may also be an endless loop. */
export type Movement = 'work' | 'only CPU time' | 'nothing';

/**
 * More than 1 % of a core (a tick is 10 ms). The threads of a hung engine still use some CPU time: they wake up now and then,
 * and answer failing probes.
 */
const BUSY_TICKS_A_SECOND = 1;

/** The movement between two looks. An unreadable measurement counts as `nothing`, a blind one as `only CPU time`. */
export function movementOf(before: Look, after: Look): Movement {
  if (before.answered !== after.answered) return 'work';
  const [then, now] = [before.progress, after.progress];
  if (now === null) return 'nothing';
  // First measurement: earlier values are unknown.
  if (then === null) return 'work';
  if (then.logBytes !== now.logBytes || then.readBytes !== now.readBytes) return 'work';
  if (now.isBlind === true) return 'only CPU time';
  const seconds = Math.max(0, after.at - before.at) / 1_000;
  // The sum of ticks drops when a worker ends.
  return Math.abs(now.cpuTicks - then.cpuTicks) > seconds * BUSY_TICKS_A_SECOND ? 'only CPU time' : 'nothing';
}

/** For an engine that is only known to speak HTTP. */
export const NO_SIGNS: VitalSigns = { workPath: null };
