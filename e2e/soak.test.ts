import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { isLong } from '../scripts/test-tier.ts';
import { judgeAll } from './soak/judgement.ts';
import { plan } from './soak/plan.ts';
import { openedSince } from './soak/server-figures.ts';
import { Soak } from './soak/soak.ts';
import { summary } from './soak/summary.ts';

/**
 * Everything at once, for long: requests of several callers, starts, stops, aborts, swaps and crashes, with more
 * instances than slots. LLAMACTL_TEST_SEED repeats the steps; what meets what is up to the machine.
 */

const SECONDS = isLong ? 600 : 25;
/** Steps come every 60 ms on average, so this is more than enough. */
const STEPS = SECONDS * 40;
const MEGABYTE = 2 ** 20;
const seed = Number(process.env['LLAMACTL_TEST_SEED'] ?? Math.floor(Math.random() * 2 ** 31));

let soak: Soak;

beforeAll(
  async () => {
    soak = await Soak.begin();
    try {
      await soak.run(plan(seed, STEPS), SECONDS * 1_000);
    } catch (error) {
      throw new Error(`LLAMACTL_TEST_SEED=${seed} does not come to an end: ${soak.faults.join('\n')}`, {
        cause: error,
      });
    }
    if (isLong) process.stdout.write(`${summary(soak)}\n`);
  },
  (SECONDS + 120) * 1_000,
);

afterAll(() => soak.dispose());

describe(`${SECONDS} seconds of everything at once, LLAMACTL_TEST_SEED=${seed}`, () => {
  it('are what they are meant to be', () => {
    const { counts } = judgeAll(soak);
    const stops = (cause: string): number => soak.history.count((change) => change.cause === cause);
    const enough = {
      answered: counts['answered'] ?? 0,
      cut: counts['cut'] ?? 0,
      left: counts['left'] ?? 0,
      evictions: stops('eviction'),
      idle: stops('idle'),
      kills: soak.deeds.count('kill'),
      mostEngines: soak.watch.most,
    };
    for (const [what, count] of Object.entries(enough)) expect(count, what).toBeGreaterThan(0);
    expect(enough.answered).toBeGreaterThan(SECONDS);
  });

  it('have the server do what was asked of it', () => {
    expect(soak.faults).toEqual([]);
  });

  it('leave no request without an end that is allowed: the right answer, an error with a cause, a break with a cause', () => {
    const { faults } = judgeAll(soak);
    expect(faults, faults.join('\n')).toEqual([]);
  });

  it('change no instance without a cause', () => {
    expect(soak.history.unexplained(soak.deeds)).toEqual([]);
  });

  it('see no instance in use evicted or stopped as idle', () => {
    const idleSeconds = (name: keyof typeof soak.roles): number => soak.roles[name].settings.idle_timeout ?? 0;
    expect(soak.history.stoppedInUse(soak.accounts.leases(), idleSeconds)).toEqual([]);
  });

  it('never see more engines than slots', () => {
    expect(soak.watch.faults).toEqual([]);
  });

  it('leave nothing behind: no request, lease, process, connection or file', async () => {
    soak.hangUp();
    expect(await soak.accounts.gather()).toBe(0);
    const figures = (await soak.admin.getMetrics()).split('\n');
    const inFlight = figures.filter((line) => line.startsWith('llamactl_requests_in_flight{'));
    expect(inFlight.length).toBeGreaterThan(0);
    expect(inFlight.filter((line) => !line.endsWith(' 0'))).toEqual([]);
    expect(await soak.server.processes()).toEqual([]);
    await vi.waitFor(() => expect(openedSince(soak.openAtStart, soak.server.pid)).toEqual([]), {
      timeout: 15_000,
      interval: 100,
    });
  });

  it('let the memory of the server be what it was when a third of them was over', () => {
    const [warm, end] = soak.live;
    const growth = (of: 'used' | 'resident'): number => ((end?.[of] ?? Infinity) - (warm?.[of] ?? 0)) / MEGABYTE;
    // A kilobyte that a request leaves behind is 5 MB in the long run.
    expect(growth('used'), 'MB that live').toBeLessThan(8);
    expect(growth('resident'), 'MB resident').toBeLessThan(32);
  });
});
