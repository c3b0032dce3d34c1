import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../testing/fake-clock.ts';
import { watchForHang, type MissedChecks } from './hang-watch.ts';
import type { EngineTarget, ProbeResult } from '../ports/engine-endpoint.ts';

const TARGET = { port: 8_100, healthPath: '/health', key: 'k' };
const PROBE_MS = 5_000;

/** A watched engine with one open request. The test sets its behaviour. */
function aWatch({ workPath = null as string | null, startTimeoutMs = 600_000 } = {}) {
  const clock = new FakeClock();
  const engine = {
    health: 'ok' as ProbeResult,
    work: 'ok' as ProbeResult,
    ticksASecond: 0,
    /** Called on each probe. */
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
  const watch = watchForHang(
    {
      clock,
      endpoint: { probe: answer },
      runs: {
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
  /** Calls `act` once a second, `seconds` times. */
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

  it('reports nothing while the engine answers', async () => {
    const { clock, missed } = aWatch();
    await clock.advance(600_000);
    expect(missed).toEqual([]);
  });

  it('reports nothing after one or two missed checks', async () => {
    const { engine, clock, missed } = aWatch();
    engine.health = 'timeout';
    await clock.advance(25_000);
    engine.health = 'ok';
    await clock.advance(20_000);
    engine.health = 'timeout';
    await clock.advance(20_000);
    expect(missed).toEqual([]);
  });

  it('reports three missed checks in a row within 35 seconds, and that the engine shows no work', async () => {
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

  it.each(['answered', 'logBytes', 'readBytes'] as const)('counts an engine as busy while %s grows', async (sign) => {
    const { engine, missed, during } = aWatch();
    engine.health = 'timeout';
    await during(300, () => (engine[sign] += 1));
    expect(missed.length).toBeGreaterThan(10);
    expect(missed.every(({ still }) => !still)).toBe(true);
  });

  it('counts an engine as busy that uses CPU time and misses its checks', async () => {
    const { engine, clock, missed } = aWatch();
    engine.health = 'timeout';
    engine.ticksASecond = 200;
    await clock.advance(300_000);
    expect(missed.every(({ still }) => !still)).toBe(true);
  });

  it('does not count the small CPU time of idle threads as work', async () => {
    const { engine, clock, missed } = aWatch();
    engine.health = 'timeout';
    engine.ticksASecond = 0.5;
    await clock.advance(35_000);
    expect(missed).toMatchObject([{ still: true }]);
  });

  it('does not count the effects of its own checks as work: a log line each, and the time to answer', async () => {
    const { engine, clock, missed } = aWatch();
    engine.health = 'error';
    engine.onProbe = () => (engine.logBytes += 80);
    await clock.advance(40_000);
    expect(missed[0]).toMatchObject({ still: true });
  });

  it('reports a formerly busy engine after three checks without work', async () => {
    const { engine, clock, missed, during } = aWatch();
    engine.health = 'timeout';
    await during(100, () => (engine.answered += 1));
    const before = missed.length;
    await clock.advance(40_000);
    expect(missed.slice(0, before).some(({ still }) => still)).toBe(false);
    expect(missed.at(-1)).toMatchObject({ still: true });
  });

  it('counts an engine as hung after ten minutes of CPU time without output, tokens or reads', async () => {
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

  it('waits longer for that if a start may take longer', async () => {
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

  it('reports nothing while a woken engine loads again and makes progress', async () => {
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

describe('the work path of an engine that answers its health check', () => {
  it('is probed when requests are open and nothing moves; three timeouts mean a hung engine', async () => {
    const { engine, clock, missed } = aWatch({ workPath: '/slots' });
    engine.work = 'timeout';
    await clock.advance(40_000);
    expect(missed[0]).toMatchObject({
      still: true,
      seen: expect.stringMatching(/^no longer answered \/slots /) as unknown,
    });
  });

  it.each(['ok', 'error', 'closed'] as const)('shows a healthy engine when its answer is %s', async (work) => {
    const { engine, clock, missed } = aWatch({ workPath: '/slots' });
    engine.work = work;
    await clock.advance(120_000);
    expect(missed).toEqual([]);
    expect(engine.asked).toContain('/slots');
  });

  it('is not probed while tokens flow', async () => {
    const { engine, during } = aWatch({ workPath: '/slots' });
    engine.work = 'timeout';
    await during(60, () => (engine.answered += 1));
    expect(engine.asked).not.toContain('/slots');
  });

  it('is not probed without requests, because that would wake a sleeping engine', async () => {
    const { engine, clock } = aWatch({ workPath: '/slots' });
    engine.leases = 0;
    await clock.advance(60_000);
    expect(engine.asked).not.toContain('/slots');
  });
});
