import { afterAll, describe, expect, it, vi } from 'vitest';
import { isLong } from '../scripts/test-tier.ts';
import { OTHERS, START, STOP, type Scenario } from './crash/scenarios.ts';
import { Trials, type Trial } from './crash/trial.ts';

/**
 * The server dies by SIGKILL between any two things that it does, and the next one makes of it what it was asked, or what
 * it was before: no orphan, no double, nothing lost that was acknowledged.
 *
 * The long tier tries every point of every scenario; the push tier every ninth point of a start, and one point of some others.
 */

const ALL = [START, STOP, ...OTHERS].filter((scenario) => isLong || (scenario.isInPushTier ?? true));
/** Faults after which a scenario is not looked at any further: each may take long to be one. */
const ENOUGH = 3;
/** As many deaths on one data directory: the newest thousand events are kept, and looked at all. */
const MOST_ON_ONE = 10;

vi.setConfig({ maxConcurrency: 3 });

/** Of `count` points every ninth one of a start; of each other scenario one, each at another part of its way. */
function somePoints(count: number, scenario: Scenario): number[] {
  if (scenario === START) return Array.from({ length: count }, (_, point) => point).filter((point) => point % 9 === 0);
  return [Math.floor((count * (ALL.indexOf(scenario) + 0.5)) / ALL.length)];
}

/** Also of tests that did not come to their end. */
const all: Trials[] = [];

afterAll(() => Promise.all(all.map((trials) => trials.dispose())));

async function begun(scenario: Scenario): Promise<Trials> {
  const trials = await Trials.of(scenario);
  all.push(trials);
  return trials;
}

async function tryPoints(scenario: Scenario): Promise<void> {
  let trials = await begun(scenario);
  try {
    const whole = await trials.run(null, 'program');
    expect(whole.faults, 'a death when all is done').toEqual([]);
    const faults: string[] = [];
    const note = (point: number, { points, faults: found }: Trial): void => {
      const place = points.length > point ? points[point] : 'never reached';
      faults.push(...found.map((fault) => `${point} (${place}): ${fault}`));
    };
    const points = isLong ? [...whole.points.keys()] : somePoints(whole.points.length, scenario);
    if (isLong)
      process.stdout.write(`${scenario.name}: ${whole.points.length} points\n  ${whole.points.join('\n  ')}\n`);
    for (const [index, point] of points.entries()) {
      if (faults.length >= ENOUGH) break;
      const trial = await trials.run(point, isLong ? 'program' : 'own', whole);
      note(point, trial);
      if (trial.faults.length === 0 && index % MOST_ON_ONE !== MOST_ON_ONE - 1) continue;
      await trials.dispose();
      trials = await begun(scenario);
    }
    expect(faults).toEqual([]);
  } finally {
    await trials.dispose();
  }
}

describe.concurrent('a server that dies at any point of', () => {
  for (const scenario of ALL) {
    it(scenario.name, { timeout: isLong ? 3_600_000 : 600_000 }, () => tryPoints(scenario));
  }
});
