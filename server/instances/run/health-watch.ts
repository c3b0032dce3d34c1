import type {
  Clock,
  EngineEndpoint,
  EngineTarget,
  ProbeResult,
  RunReference,
  Supervisor,
  VitalSigns,
} from '../ports.ts';
import { pause } from './readiness.ts';
import { movementOf, type Look, type Movement } from './vital-signs.ts';

/** From the end of a check to the next one. */
const EVERY_MS = 10_000;
/** The same once one was missed. */
const AGAIN_MS = 5_000;
const PROBE_TIMEOUT_MS = 5_000;
/** A busy machine misses one now and then. */
const MISSES = 3;
/**
 * What a check itself set moving is over by then: a line about it, the CPU time of its answer. llama-server notices within
 * a second that nobody waits for an answer any more, and writes that.
 */
const SETTLED_MS = 2_000;
/** The shortest time for which an engine may compute without a word before that counts as going in circles. */
const SHORTEST_SPIN_MS = 600_000;

export interface HealthWatchDependencies {
  clock: Clock;
  endpoint: EngineEndpoint;
  supervisor: Pick<Supervisor, 'progress'>;
  /** Milliseconds without progress after which a start is given up. */
  startTimeoutMs: number;
}

/** The run that is watched, and its use. */
export interface WatchedRun {
  reference: RunReference;
  target: EngineTarget;
  signs: VitalSigns;
  /** Bytes of answers that have passed so far. */
  answered: () => number;
  /** The most leases that were open at one moment since `from` (of {@link Clock.elapsed}), as far as it matters: some, or none. */
  leasesSince: (from: number) => number;
}

/** What three health checks missed in a row have shown. */
export interface MissedChecks {
  /** Open now or at any moment since the first of them. */
  leases: number;
  /** It does not work: no tokens, output, CPU time or reads between them, or nothing but CPU time for far too long. */
  still: boolean;
  /** The same in words, as the end of `the engine …`. */
  seen: string;
}

/**
 * Watches a run that was ready and calls `onMissed` with each health check missed from the third in a row on: an engine
 * that is busy must not be taken for a hung one. Ends when `signal` aborts.
 *
 * What moves is compared from after one check to before the next: an engine that still answers, but wrongly, writes a
 * line about each check and uses CPU time for it. One that answers its check while its requests stand still is asked for
 * its work too, where it has a path for that.
 */
export async function watchHealth(
  dependencies: HealthWatchDependencies,
  run: WatchedRun,
  onMissed: (missed: MissedChecks) => void,
  signal: AbortSignal,
): Promise<void> {
  const { clock, supervisor } = dependencies;
  const look = (): Look => ({
    at: clock.elapsed(),
    progress: supervisor.progress(run.reference),
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
  /** The path that was asked. */
  asked: string;
  answer: ProbeResult;
}

/** `null`: it is well. */
async function checked(
  { endpoint, clock }: HealthWatchDependencies,
  { target, signs, leasesSince }: WatchedRun,
  moved: Movement,
  signal: AbortSignal,
): Promise<Missed | null> {
  const answer = await endpoint.probe(target, PROBE_TIMEOUT_MS, signal);
  if (answer !== 'ok') return { asked: 'its health check', answer };
  if (signs.workPath === null || moved !== 'nothing' || leasesSince(clock.elapsed()) === 0) return null;
  const work = await endpoint.probe({ ...target, healthPath: signs.workPath }, PROBE_TIMEOUT_MS, signal);
  // Any answer is one: it may be switched off.
  return work === 'timeout' ? { asked: signs.workPath, answer: work } : null;
}

/** Checks missed one after the other, and what the engine did meanwhile. */
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

  /** @param moved since the check before. @param at when this one was begun, of {@link Clock.elapsed} */
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

  /** `null`: too few to say anything. */
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
    return { leases, still: false, seen: `${what}${leases === 0 ? ', and nobody used it' : ', but works'}` };
  }
}
