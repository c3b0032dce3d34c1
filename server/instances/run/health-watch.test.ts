import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../testing/fake-clock.ts';
import { watchHealth, type MissedChecks } from './health-watch.ts';
import type { EngineTarget, ProbeResult } from '../ports.ts';

const TARGET = { port: 8_100, healthPath: '/health', key: 'k' };
const PROBE_MS = 5_000;

/** An engine under watch, with one request open; what it does is what a test sets. */
function aWatch({ workPath = null as string | null, startTimeoutMs = 600_000 } = {}) {
  const clock = new FakeClock();
  const engine = {
    health: 'ok' as ProbeResult,
    work: 'ok' as ProbeResult,
    ticksASecond: 0,
    /** Called with each probe that it gets. */
    onProbe: (): void => undefined,
    logBytes: 0,
    readBytes: 0,
    answered: 0,
    leases: 1,
    asked: [] as string[],
  };
  const begun = clock.elapsed();
  const answer = async (target: EngineTarget): Promise<ProbeResult> => {
    engine.asked.push(target.healthPath);
    engine.onProbe();
    const result = target.healthPath === TARGET.healthPath ? engine.health : engine.work;
    if (result === 'timeout') await new Promise<void>((resolve) => clock.after(PROBE_MS, resolve));
    return result;
  };
  const controller = new AbortController();
  const missed: MissedChecks[] = [];
  const cpuTicks = (): number => Math.round(((clock.elapsed() - begun) / 1_000) * engine.ticksASecond);
  const watch = watchHealth(
    {
      clock,
      endpoint: { probe: answer },
      supervisor: {
        progress: () => ({
          logBytes: engine.logBytes,
          memoryBytes: 0,
          cpuTicks: cpuTicks(),
          readBytes: engine.readBytes,
        }),
      },
      startTimeoutMs,
    },
    {
      reference: { tag: 'd.i.n', folder: '/runs/n' },
      target: TARGET,
      signs: { workPath },
      answered: () => engine.answered,
      leasesSince: () => engine.leases,
    },
    (seen) => missed.push(seen),
    controller.signal,
  );
  /** Lets an engine do something once a second for so long. */
  const during = async (seconds: number, act: () => void): Promise<void> => {
    for (let second = 0; second < seconds; second += 1) {
      act();
      await clock.advance(1_000);
    }
  };
  return { engine, clock, controller, missed, watch, during };
}

describe('the health watch', () => {
  it.each([3_600_000, -3_600_000])(
    'takes no busy engine for a hung one when the wall clock jumps by %d ms',
    async (jump) => {
      const { engine, clock, missed } = aWatch();
      engine.health = 'timeout';
      engine.ticksASecond = 100;
      await clock.advance(60_000);
      clock.jump(jump);
      await clock.advance(60_000);
      expect(missed.length).toBeGreaterThan(0);
      expect(missed.filter(({ still }) => still)).toEqual([]);
    },
  );

  it('says nothing of an engine that answers', async () => {
    const { clock, missed } = aWatch();
    await clock.advance(600_000);
    expect(missed).toEqual([]);
  });

  it('says nothing of one missed check, nor of two', async () => {
    const { engine, clock, missed } = aWatch();
    engine.health = 'timeout';
    await clock.advance(25_000);
    engine.health = 'ok';
    await clock.advance(20_000);
    engine.health = 'timeout';
    await clock.advance(20_000);
    expect(missed).toEqual([]);
  });

  it('tells of three in a row within 35 seconds, and that the engine stands still', async () => {
    const { engine, clock, missed } = aWatch();
    engine.health = 'timeout';
    await clock.advance(35_000);
    expect(missed).toEqual([
      {
        leases: 1,
        still: true,
        seen: 'no longer answered its health check (timeout) and showed no sign of work: no tokens, output, CPU time or reads',
      },
    ]);
  });

  it.each(['answered', 'logBytes', 'readBytes'] as const)('takes an engine for busy while %s grows', async (sign) => {
    const { engine, missed, during } = aWatch();
    engine.health = 'timeout';
    await during(300, () => (engine[sign] += 1));
    expect(missed.length).toBeGreaterThan(10);
    expect(missed.every(({ still }) => !still)).toBe(true);
  });

  it('takes an engine for busy that computes on its cores and misses its checks', async () => {
    const { engine, clock, missed } = aWatch();
    engine.health = 'timeout';
    engine.ticksASecond = 200;
    await clock.advance(300_000);
    expect(missed.every(({ still }) => !still)).toBe(true);
  });

  it('does not take the little CPU time for work that idle threads need', async () => {
    const { engine, clock, missed } = aWatch();
    engine.health = 'timeout';
    engine.ticksASecond = 0.5;
    await clock.advance(35_000);
    expect(missed).toMatchObject([{ still: true }]);
  });

  it('does not take for work what its own checks cause: a line about each, and the time to answer it', async () => {
    const { engine, clock, missed } = aWatch();
    engine.health = 'error';
    engine.onProbe = () => (engine.logBytes += 80);
    await clock.advance(40_000);
    expect(missed[0]).toMatchObject({ still: true });
  });

  it('tells of an engine that was busy once it has stood still for three checks', async () => {
    const { engine, clock, missed, during } = aWatch();
    engine.health = 'timeout';
    await during(100, () => (engine.answered += 1));
    const before = missed.length;
    await clock.advance(40_000);
    expect(missed.slice(0, before).some(({ still }) => still)).toBe(false);
    expect(missed.at(-1)).toMatchObject({ still: true });
  });

  it('takes an engine for hung that has computed for ten minutes without a word, a token or a read', async () => {
    const { engine, clock, missed } = aWatch({ startTimeoutMs: 60_000 });
    engine.health = 'timeout';
    engine.ticksASecond = 100;
    await clock.advance(590_000);
    expect(missed.some(({ still }) => still)).toBe(false);
    await clock.advance(40_000);
    expect(missed.at(-1)).toMatchObject({
      still: true,
      seen: expect.stringMatching(
        /^no longer answered its health check .* has used CPU time for 6\d\d s without/,
      ) as unknown,
    });
  });

  it('waits longer for that where a start may take longer', async () => {
    const { engine, clock, missed } = aWatch({ startTimeoutMs: 1_200_000 });
    engine.health = 'timeout';
    engine.ticksASecond = 100;
    await clock.advance(1_100_000);
    expect(missed.some(({ still }) => still)).toBe(false);
  });

  it('says that the engine had no requests', async () => {
    const { engine, clock, missed } = aWatch();
    engine.health = 'error';
    engine.leases = 0;
    engine.ticksASecond = 100;
    await clock.advance(30_000);
    expect(missed[0]).toEqual({
      leases: 0,
      still: false,
      seen: 'no longer answered its health check (error), and had no requests',
    });
  });

  it('says nothing of an engine that loads again and moves, as one does that was asleep', async () => {
    const { engine, missed, during } = aWatch();
    engine.health = 'loading';
    engine.leases = 0;
    await during(120, () => (engine.readBytes += 1_000));
    expect(missed).toEqual([]);
  });

  it('ends with the run', async () => {
    const { clock, controller, watch } = aWatch();
    controller.abort();
    await watch;
    expect(clock.pending).toEqual([]);
  });
});

describe('the work of an engine that answers its health check', () => {
  it('is asked for when requests are open and nothing moves; three times no answer is a hung engine', async () => {
    const { engine, clock, missed } = aWatch({ workPath: '/slots' });
    engine.work = 'timeout';
    await clock.advance(40_000);
    expect(missed[0]).toMatchObject({
      still: true,
      seen: expect.stringMatching(/^no longer answered \/slots /) as unknown,
    });
  });

  it.each(['ok', 'error', 'closed'] as const)('stands still for want of work when the answer is %s', async (work) => {
    const { engine, clock, missed } = aWatch({ workPath: '/slots' });
    engine.work = work;
    await clock.advance(120_000);
    expect(missed).toEqual([]);
    expect(engine.asked).toContain('/slots');
  });

  it('is left alone while tokens flow', async () => {
    const { engine, during } = aWatch({ workPath: '/slots' });
    engine.work = 'timeout';
    await during(60, () => (engine.answered += 1));
    expect(engine.asked).not.toContain('/slots');
  });

  it('is left alone while nobody waits for it: asking would wake an engine that sleeps', async () => {
    const { engine, clock } = aWatch({ workPath: '/slots' });
    engine.leases = 0;
    await clock.advance(60_000);
    expect(engine.asked).not.toContain('/slots');
  });
});
