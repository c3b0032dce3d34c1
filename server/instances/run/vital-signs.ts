import type { Progress, VitalSigns } from '../ports.ts';

/** What was seen of a run at one moment. */
export interface Look {
  /** Of `Clock.elapsed`. */
  at: number;
  /** `null`: the engine is dead, or could not be looked at. */
  progress: Progress | null;
  /** Bytes of answers that have passed of this run. */
  answered: number;
}

/** What moved between two looks. CPU time alone may also be an engine that goes in circles. */
export type Movement = 'work' | 'only CPU time' | 'nothing';

/**
 * More than 1 % of a core (a tick is 10 ms). A hung engine of several threads or processes is not wholly still: they wake
 * up now and then to find nothing, and answer a probe that fails.
 */
const BUSY_TICKS_A_SECOND = 1;

/** Whether a run did anything between two looks. What cannot be read counts as nothing, what nobody can see as CPU time. */
export function movementOf(before: Look, after: Look): Movement {
  if (before.answered !== after.answered) return 'work';
  const [then, now] = [before.progress, after.progress];
  if (now === null) return 'nothing';
  // Seen for the first time: what went before is not known.
  if (then === null) return 'work';
  if (then.logBytes !== now.logBytes || then.readBytes !== now.readBytes) return 'work';
  if (now.isBlind === true) return 'only CPU time';
  const seconds = Math.max(0, after.at - before.at) / 1_000;
  // A worker that ended took its ticks with it.
  return Math.abs(now.cpuTicks - then.cpuTicks) > seconds * BUSY_TICKS_A_SECOND ? 'only CPU time' : 'nothing';
}

/** Of an engine of which nothing is known but that it speaks HTTP. */
export const NO_SIGNS: VitalSigns = { workPath: null };
