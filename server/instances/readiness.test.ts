import { describe, expect, it } from 'vitest';
import { FakeClock } from '../testing/fake-clock.ts';
import type { ProbeResult, Progress } from './ports.ts';
import { awaitReady } from './readiness.ts';

const RUN = { tag: 'd.i.n', folder: '/runs/n' };
const TARGET = { port: 8_100, healthPath: '/health', key: null };
const STALL_MS = 60_000;

/** An engine as the outside sees it; the test moves its parts. */
function anEngine() {
  const engine = {
    answer: 'closed' as ProbeResult,
    owner: 'ours' as 'ours' | 'foreign' | 'closed' | 'unknown',
    logBytes: 0,
    cpuTicks: 0,
    probes: 0,
  };
  const clock = new FakeClock();
  const controller = new AbortController();
  const progress = (): Progress => ({
    logBytes: engine.logBytes,
    memoryBytes: 1,
    cpuTicks: engine.cpuTicks,
    readBytes: 0,
  });
  const outcome = awaitReady(
    {
      clock,
      endpoint: {
        probe: async () => {
          engine.probes += 1;
          return engine.answer;
        },
      },
      supervisor: { ownsPort: async () => engine.owner, progress },
      logs: { size: () => engine.logBytes },
    },
    RUN,
    TARGET,
    STALL_MS,
    controller.signal,
  );
  let settled: string | null = null;
  void outcome.then((result) => (settled = result));
  return { engine, clock, controller, outcome, settled: () => settled };
}

describe('readiness', () => {
  it('is seen within 10 ms of the first 200', async () => {
    const { engine, clock, settled } = anEngine();
    await clock.advance(300);
    engine.answer = 'loading';
    await clock.advance(300);
    expect(settled()).toBe(null);
    engine.answer = 'ok';
    await clock.advance(10);
    expect(settled()).toBe('ready');
  });

  it('is seen within 10 ms of the log line also when loading takes long', async () => {
    const { engine, clock, settled } = anEngine();
    engine.answer = 'loading';
    await clock.advance(30_000);
    engine.logBytes += 40;
    await clock.advance(60);
    expect(settled(), 'the line comes a little before the engine is ready').toBe(null);
    engine.answer = 'ok';
    await clock.advance(10);
    expect(settled()).toBe('ready');
  });

  it('does not depend on the log', async () => {
    const { engine, clock, settled } = anEngine();
    engine.answer = 'loading';
    await clock.advance(30_000);
    engine.answer = 'ok';
    await clock.advance(260);
    expect(settled()).toBe('ready');
  });

  it('probes a slow engine a few times a second only', async () => {
    const { engine, clock } = anEngine();
    engine.answer = 'loading';
    await clock.advance(1_000);
    engine.probes = 0;
    await clock.advance(10_000);
    expect(engine.probes).toBeLessThanOrEqual(45);
  });

  it('is not believed of a foreign process on the port', async () => {
    const { engine, clock, settled } = anEngine();
    engine.answer = 'ok';
    engine.owner = 'foreign';
    await clock.advance(500);
    expect(settled()).toBe(null);
    engine.owner = 'ours';
    await clock.advance(10);
    expect(settled()).toBe('ready');
  });

  it('is believed where the system does not tell whose a port is', async () => {
    const { engine, clock, settled } = anEngine();
    engine.owner = 'unknown';
    engine.answer = 'ok';
    await clock.advance(10);
    expect(settled()).toBe('ready');
  });

  it('is given up when nothing moves for the whole time', async () => {
    const { engine, clock, settled } = anEngine();
    engine.answer = 'loading';
    await clock.advance(STALL_MS + 2_000);
    expect(settled()).toBe('stalled');
  });

  it('is not given up while anything moves: slow is not stuck', async () => {
    const { engine, clock, settled } = anEngine();
    engine.answer = 'loading';
    for (let minute = 0; minute < 5; minute += 1) {
      await clock.advance(50_000);
      engine.cpuTicks += 1;
    }
    expect(settled()).toBe(null);
  });

  it('ends when nobody wants to know any more', async () => {
    const { clock, controller, outcome } = anEngine();
    await clock.advance(100);
    controller.abort();
    expect(await outcome).toBe('aborted');
    expect(clock.pending).toEqual([]);
  });
});
