/** A step of a history: figures of the time before its end. */
export interface TimeStep {
  /** Time of its last measurement, milliseconds since the epoch. */
  end: number;
  /** Measured seconds; less than the time between two ends if nothing was measured for a while. */
  seconds: number;
}

/** A ring of steps in the order of their ends; at capacity, the oldest is dropped. */
export interface Ring<Step> {
  readonly length: number;
  /** Size in memory. */
  readonly bytes: number;
  /** @param index 0 is the oldest, -1 the newest. */
  at(index: number): Step | null;
  /** Equals `at(index)?.end`, without creating a step. */
  endAt(index: number): number | null;
  /** Returns the end of the step that was dropped; `null`: none. */
  push(step: Step): number | null;
  replaceNewest(step: Step): void;
  dropNewest(): void;
}

/** The steps of the coarser levels, oldest first, as they are kept over a restart. */
export interface KeptSteps<Step> {
  middle: Step[];
  coarse: Step[];
}

/**
 * How long measurements are kept, in seconds: each one for ten minutes, steps of 30 seconds for two hours, steps of five
 * minutes for a day. Coarse steps end on the clock (12:00:30, 12:05), and so do the borders between the three levels: no
 * step is reported twice or in two halves.
 */
const FINE_SECONDS = 600;
const MIDDLE = { step: 30, span: 7_200 };
const COARSE = { step: 300, span: 86_400 };

/** Limit for the finest steps. With a short interval they reach less far back. */
const MOST_MEASUREMENTS = 600;
/** The step that contains a border, the current one, and one spare. */
const SPARE_STEPS = 3;
/** After a gap of more than this many intervals, the step covers one interval only. */
const LATE_INTERVALS = 2;

/**
 * Seconds of the steps of the middle level. Kept steps fit only levels with equal ones.
 *
 * @param intervalSeconds Planned time between two measurements.
 */
export function middleSeconds(intervalSeconds: number): number {
  return MIDDLE.step * Math.ceil(intervalSeconds / MIDDLE.step);
}

/** Steps of one length. */
interface Level<Step> {
  ring: Ring<Step>;
  milliseconds: number;
  /** Number of the newest step of the next coarser level that this ring has lost, at least in part. */
  lost: number;
}

/** The measurements of the last 24 hours, in steps that widen with age. */
export class StepLevels<Step extends TimeStep> {
  readonly #intervalSeconds: number;
  readonly #lateSeconds: number;
  readonly #merged: (one: Step, next: Step) => Step;
  readonly #fine: Level<Step>;
  readonly #middle: Level<Step>;
  readonly #coarse: Level<Step>;

  /**
   * @param intervalSeconds Planned time between two measurements.
   * @param newRing Creates a ring for this many steps.
   * @param merged Makes one step of two that follow each other.
   * @param lateSeconds After a longer gap, a step covers one interval only.
   */
  constructor(
    intervalSeconds: number,
    newRing: (capacity: number) => Ring<Step>,
    merged: (one: Step, next: Step) => Step,
    lateSeconds = intervalSeconds * LATE_INTERVALS,
  ) {
    // a step has at least one measurement, and each step consists of whole steps of the finer level
    const middleStep = middleSeconds(intervalSeconds);
    const coarseStep = middleStep * Math.ceil(COARSE.step / middleStep);
    const level = (step: number, capacity: number): Level<Step> => ({
      ring: newRing(Math.ceil(capacity) + SPARE_STEPS),
      milliseconds: step * 1_000,
      lost: Number.NEGATIVE_INFINITY,
    });
    this.#intervalSeconds = intervalSeconds;
    this.#lateSeconds = lateSeconds;
    this.#merged = merged;
    this.#fine = level(0, Math.min(MOST_MEASUREMENTS, FINE_SECONDS / intervalSeconds + middleStep / intervalSeconds));
    this.#middle = level(middleStep, (MIDDLE.span + coarseStep) / middleStep);
    this.#coarse = level(coarseStep, COARSE.span / coarseStep);
  }

  /** Size in memory. */
  get bytes(): number {
    return this.#fine.ring.bytes + this.#middle.ring.bytes + this.#coarse.ring.bytes;
  }

  /** Looks at all levels: after the clock jumped far back, only coarse steps may be left. */
  get newest(): number | null {
    const ends = [this.#fine, this.#middle, this.#coarse]
      .map(({ ring }) => ring.endAt(-1))
      .filter((end) => end !== null);
    return ends.length === 0 ? null : Math.max(...ends);
  }

  /**
   * Adds a measurement. Drops measurements that are later than this one, which exist after the clock jumped back: the
   * steps must stay in order.
   *
   * @param at Milliseconds since the epoch.
   * @param stepOf Creates the step. @param stepOf.seconds The time for which the measurement stands.
   */
  push(at: number, stepOf: (seconds: number) => Step): void {
    this.#rewind(at);
    const last = this.newest;
    const passed = last === null ? this.#intervalSeconds : (at - last) / 1_000;
    if (passed === 0) return;
    const step = stepOf(passed > this.#lateSeconds ? this.#intervalSeconds : passed);
    const lost = this.#fine.ring.push(step);
    if (lost !== null) this.#fine.lost = numberOf(lost, this.#middle);
    const lostMiddle = this.#add(this.#middle, step);
    if (lostMiddle !== null) this.#middle.lost = numberOf(lostMiddle, this.#coarse);
    this.#add(this.#coarse, step);
  }

  /** The steps that ended within the window, oldest first, without overlap. @param now Milliseconds since the epoch. */
  steps(windowSeconds: number, now: number): Step[] {
    const [fine, middle, coarse] = [this.#fine, this.#middle, this.#coarse];
    const fineFrom = Math.max(fine.lost, numberOf(now - FINE_SECONDS * 1_000, middle)) + 1;
    const middleFrom = Math.max(middle.lost, numberOf(now - MIDDLE.span * 1_000, coarse)) + 1;
    const since = now - windowSeconds * 1_000;
    const steps: Step[] = [];
    const take = (of: Level<Step>, isOurs: (end: number) => boolean): void => {
      for (let index = 0; index < of.ring.length; index += 1) {
        const end = of.ring.endAt(index);
        if (end === null || end <= since || end > now || !isOurs(end)) continue;
        const step = of.ring.at(index);
        if (step !== null) steps.push(step);
      }
    };
    const isCoarse = (end: number): boolean => numberOf(end, coarse) < middleFrom;
    const isFine = (end: number): boolean => !isCoarse(end) && numberOf(end, middle) >= fineFrom;
    take(coarse, isCoarse);
    take(middle, (end) => !isCoarse(end) && !isFine(end));
    take(fine, isFine);
    return steps;
  }

  /** The steps to keep over a restart. */
  kept(): KeptSteps<Step> {
    const all = ({ ring }: Level<Step>): Step[] =>
      Array.from({ length: ring.length }, (_, index) => ring.at(index)).filter((step) => step !== null);
    return { middle: all(this.#middle), coarse: all(this.#coarse) };
  }

  /** Restores kept steps. Call it before the first measurement. */
  restore({ middle, coarse }: KeptSteps<Step>): void {
    for (const step of middle) this.#middle.ring.push(step);
    for (const step of coarse) this.#coarse.ring.push(step);
    const [first, last] = [this.#middle.ring.endAt(0), this.#middle.ring.endAt(-1)];
    if (last !== null) this.#fine.lost = numberOf(last, this.#middle);
    const border = first ?? this.#coarse.ring.endAt(-1);
    if (border !== null) this.#middle.lost = numberOf(border, this.#coarse);
  }

  /** Adds a measurement to a level. @returns the end of the step that the ring dropped; `null`: none */
  #add(level: Level<Step>, step: Step): number | null {
    const newest = level.ring.at(-1);
    if (newest === null || numberOf(newest.end, level) !== numberOf(step.end, level)) return level.ring.push(step);
    level.ring.replaceNewest(this.#merged(newest, step));
    return null;
  }

  #rewind(at: number): void {
    for (const { ring } of [this.#fine, this.#middle, this.#coarse]) {
      for (let end = ring.endAt(-1); end !== null && end > at; end = ring.endAt(-1)) ring.dropNewest();
    }
    this.#fine.lost = Math.min(this.#fine.lost, wholeBefore(at, this.#middle));
    this.#middle.lost = Math.min(this.#middle.lost, wholeBefore(at, this.#coarse));
  }
}

/** The number of the step that contains a moment. A step includes its end, not its beginning. */
function numberOf(at: number, { milliseconds }: { milliseconds: number }): number {
  return Math.ceil(at / milliseconds);
}

/** Number of the newest step that measurements from `at` on cannot fill, or fill only in part. */
function wholeBefore<Step>(at: number, level: Level<Step>): number {
  const newest = level.ring.endAt(-1);
  const number = numberOf(at, level);
  return newest !== null && numberOf(newest, level) === number ? number : number - 1;
}
