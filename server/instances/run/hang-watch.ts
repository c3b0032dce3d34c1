import type { VitalSigns } from '../ports/engine-adapter.ts';
import type { EngineEndpoint, EngineTarget, ProbeResult } from '../ports/engine-endpoint.ts';
import type { Progress, RunReference, Runs } from '../ports/runs.ts';
import { pause, type Clock } from '../ports/time.ts';

/** The signs of an engine that is only known to speak HTTP: none. */
export const NO_SIGNS: VitalSigns = { workPath: null };

/** Pause between two checks. */
const EVERY_MS = 10_000;
/** Pause after a missed check. */
const AGAIN_MS = 5_000;
const PROBE_TIMEOUT_MS = 5_000;
/** Missed checks in a row that count. A busy machine misses one now and then. */
const MISSES = 3;
/**
 * Time until the effects of a check itself are over, such as its log line and the CPU time of its answer. llama-server
 * notices within a second that the client is gone, and logs that.
 */
const SETTLED_MS = 2_000;
/** Least time of using CPU without any output that counts as an endless loop. A longer `startTimeoutMs` replaces it. */
const SHORTEST_SPIN_MS = 600_000;

export interface HangWatchDependencies {
  clock: Clock;
  endpoint: EngineEndpoint;
  runs: Pick<Runs, 'progress'>;
  /** Milliseconds without progress after which a start times out. */
  startTimeoutMs: number;
}

/** The watched run and its use. */
export interface WatchedRun {
  reference: RunReference;
  target: EngineTarget;
  signs: VitalSigns;
  /** Bytes of answers relayed so far. */
  answered: () => number;
  /** Returns more than 0 if any lease was open since `from` (in {@link Clock.elapsed} time), else 0. */
  leasesSince: (from: number) => number;
}

/** Findings from at least three health checks missed in a row. */
export interface MissedChecks {
  /** Greater than 0 if any lease was open since the first missed check. */
  leases: number;
  /**
   * Whether the engine does not work: no tokens, output, CPU time or reads between checks, or only CPU time for far too
   * long.
   */
  still: boolean;
  /** The findings, as the end of a sentence `the engine …`. */
  seen: string;
}

/**
 * Watches a ready run. Calls `onMissed` for each missed health check from the third in a row on, so that a busy engine is
 * not taken for a hung one. Ends when `signal` aborts.
 *
 * Movement is measured from after one check to before the next: an engine that answers wrongly logs each check and uses CPU
 * time for it. If the check succeeds while requests stand still, the engine's work path is probed too, if it has one.
 */
export async function watchForHang(
  dependencies: HangWatchDependencies,
  run: WatchedRun,
  onMissed: (missed: MissedChecks) => void,
  signal: AbortSignal,
): Promise<void> {
  const { clock, runs } = dependencies;
  const look = (): Look => ({
    at: clock.elapsed(),
    progress: runs.progress(run.reference),
    answered: run.answered(),
  });
  const row = new MissedRow(Math.max(dependencies.startTimeoutMs, SHORTEST_SPIN_MS));
  for (;;) {
    await pause(clock, SETTLED_MS, signal);
    if (signal.aborted) return;
    const before = look();
    await pause(clock, (row.isEmpty ? EVERY_MS : AGAIN_MS) - SETTLED_MS, signal);
    if (signal.aborted) return;
    const now = look();
    const moved = movementOf(before, now);
    const check = await checked(dependencies, run, moved, signal);
    if (signal.aborted) return;
    if (check === null || (check.answer === 'loading' && moved !== 'nothing')) row.end();
    else row.add(check.asked, check.answer, moved, now.at);
    const missed = row.verdict(clock.elapsed(), (from) => run.leasesSince(from));
    if (missed !== null) onMissed(missed);
  }
}

interface Missed {
  /** The path that was probed, or `its health check`. */
  asked: string;
  answer: ProbeResult;
}

/** Checks the engine once; `null`: it is healthy. */
async function checked(
  { endpoint, clock }: HangWatchDependencies,
  { target, signs, leasesSince }: WatchedRun,
  moved: Movement,
  signal: AbortSignal,
): Promise<Missed | null> {
  const answer = await endpoint.probe(target, PROBE_TIMEOUT_MS, signal);
  if (answer !== 'ok') return { asked: 'its health check', answer };
  if (signs.workPath === null || moved !== 'nothing' || leasesSince(clock.elapsed()) === 0) return null;
  const work = await endpoint.probe({ ...target, healthPath: signs.workPath }, PROBE_TIMEOUT_MS, signal);
  // Any answer is a success: the path may be disabled.
  return work === 'timeout' ? { asked: signs.workPath, answer: work } : null;
}

/** A row of missed checks, with the engine's activity between them. */
class MissedRow {
  readonly #longestSpinMs: number;
  #count = 0;
  #stillCount = 0;
  #since = 0;
  #lastWork = 0;
  #last: Missed = { asked: '', answer: 'ok' };

  constructor(longestSpinMs: number) {
    this.#longestSpinMs = longestSpinMs;
  }

  get isEmpty(): boolean {
    return this.#count === 0;
  }

  end(): void {
    this.#count = 0;
  }

  /** @param moved Movement since the previous check. @param at Start of this check, in {@link Clock.elapsed} time. */
  add(asked: string, answer: ProbeResult, moved: Movement, at: number): void {
    this.#last = { asked, answer };
    if (this.#count === 0) {
      this.#since = at;
      this.#stillCount = 0;
      this.#lastWork = at;
    } else if (moved !== 'nothing') this.#stillCount = 0;
    if (moved === 'work') this.#lastWork = at;
    this.#count += 1;
    this.#stillCount += 1;
  }

  /** The findings so far; `null`: too few missed checks. */
  verdict(now: number, leasesSince: (from: number) => number): MissedChecks | null {
    if (this.#count < MISSES) return null;
    const { asked, answer } = this.#last;
    const leases = leasesSince(this.#since);
    const what = `no longer answered ${asked} (${answer})`;
    const seconds = (from: number): number => Math.round((now - from) / 1_000);
    if (this.#stillCount >= MISSES) {
      const sign = 'no tokens, output, CPU time or reads';
      return { leases, still: true, seen: `${what} and showed no sign of work: ${sign}` };
    }
    if (now - this.#lastWork >= this.#longestSpinMs) {
      const circles = `has used CPU time for ${seconds(this.#lastWork)} s without a token, output or a read`;
      return { leases, still: true, seen: `${what} and ${circles}` };
    }
    return { leases, still: false, seen: `${what}${leases === 0 ? ', and had no requests' : ', but works'}` };
  }
}

/** Measurements of a run at one moment. */
export interface Look {
  /** In `Clock.elapsed` time. */
  at: number;
  /** `null`: the engine is dead or could not be measured. */
  progress: Progress | null;
  /** Bytes of the run's answers relayed so far. */
  answered: number;
}

/** Changes between two looks. CPU time alone may also be an endless loop. */
export type Movement = 'work' | 'only CPU time' | 'nothing';

/**
 * CPU time beyond this is movement: 1 % of a core, because a tick is 10 ms. The threads of a hung engine still use some
 * CPU time: they wake up now and then, and answer failing probes.
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
