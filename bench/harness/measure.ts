import { setTimeout as pause } from 'node:timers/promises';
import { Belongings } from './belongings.ts';
import { startOtherWork } from './other-work.ts';
import type { Outcome } from './outcome.ts';
import type { Bench, Readings, Scenario } from './scenario.ts';

export interface MeasureOptions {
  runs: number;
  isQuick: boolean;
  /** Whether other work keeps all cores busy meanwhile. Default: no. */
  isBusy?: boolean;
  /** Gives up when it fires; what was started is ended all the same. */
  signal: AbortSignal;
  /** Called after each run. */
  onRun?: (readings: Readings) => void;
}

/** What an interrupted scenario may need to notice it. */
const NOTICE_MS = 5_000;

/**
 * Runs a scenario several times. Whatever it started is ended when this resolves or rejects.
 *
 * @throws {Error} when it fails, is interrupted or takes longer than it may
 */
export async function measure(
  scenario: Scenario,
  { runs, isQuick, isBusy = false, signal, onRun }: MeasureOptions,
): Promise<Outcome> {
  const belongings = new Belongings();
  const limitSeconds = scenario.limitSeconds * runs;
  const limit = AbortSignal.timeout(limitSeconds * 1_000);
  const bench: Bench = { isQuick, belongings, signal: AbortSignal.any([signal, limit]) };
  const measuring = runAll(scenario, bench, { runs, isBusy, onRun });
  const { promise: givenUp, reject } = Promise.withResolvers<never>();
  const giveUp = (): void => {
    const reason = limit.aborted ? `took longer than ${limitSeconds} s` : 'was interrupted';
    reject(new Error(`${scenario.name} ${reason}`));
  };
  bench.signal.addEventListener('abort', giveUp, { once: true });
  if (bench.signal.aborted) giveUp();
  try {
    return { scenario, runs: await Promise.race([measuring, givenUp]) };
  } finally {
    bench.signal.removeEventListener('abort', giveUp);
    await belongings.close();
    // what it was about to start when it was interrupted
    const noticed = measuring.then(
      () => undefined,
      () => undefined,
    );
    await Promise.race([noticed, pause(NOTICE_MS, undefined, { ref: false })]);
    await belongings.close();
  }
}

async function runAll(
  scenario: Scenario,
  bench: Bench,
  { runs, isBusy, onRun }: { runs: number; isBusy: boolean; onRun: MeasureOptions['onRun'] },
): Promise<Readings[]> {
  if (isBusy) await startOtherWork(bench);
  const run = await scenario.open(bench);
  const all: Readings[] = [];
  for (let count = 0; count < runs; count += 1) {
    bench.signal.throwIfAborted();
    const readings = await run();
    onRun?.(readings);
    all.push(readings);
  }
  return all;
}
