import { describe, expect, it } from 'vitest';
import { FakeClock } from '../testing/fake-clock.ts';
import { watchHealth } from './health-watch.ts';
import type { ProbeResult } from './ports.ts';

const RUN = { tag: 'd.i.n', folder: '/runs/n' };
const TARGET = { port: 8_100, healthPath: '/health', key: null };

function aWatch() {
  const engine = { answer: 'ok' as ProbeResult, cpuTicks: 0 };
  const clock = new FakeClock();
  const controller = new AbortController();
  const hung: boolean[] = [];
  const watch = watchHealth(
    {
      clock,
      endpoint: { probe: async () => engine.answer },
      supervisor: { progress: () => ({ logBytes: 0, memoryBytes: 0, cpuTicks: engine.cpuTicks, readBytes: 0 }) },
    },
    RUN,
    TARGET,
    (still) => hung.push(still),
    controller.signal,
  );
  return { engine, clock, controller, hung, watch };
}

describe('the health watch', () => {
  it('says nothing of an engine that answers', async () => {
    const { clock, hung } = aWatch();
    await clock.advance(120_000);
    expect(hung).toEqual([]);
  });

  it('says nothing of one missed probe, nor of two', async () => {
    const { engine, clock, hung } = aWatch();
    engine.answer = 'timeout';
    await clock.advance(20_000);
    engine.answer = 'ok';
    await clock.advance(20_000);
    engine.answer = 'timeout';
    await clock.advance(20_000);
    expect(hung).toEqual([]);
  });

  it('tells of three in a row, and that nothing moved meanwhile', async () => {
    const { engine, clock, hung } = aWatch();
    engine.answer = 'timeout';
    await clock.advance(30_000);
    expect(hung).toEqual([true]);
  });

  it('tells that an engine is busy when it is', async () => {
    const { engine, clock, hung } = aWatch();
    engine.answer = 'timeout';
    await clock.advance(15_000);
    engine.cpuTicks += 500;
    await clock.advance(15_000);
    expect(hung).toEqual([false]);
  });

  it('ends with the run', async () => {
    const { clock, controller, watch } = aWatch();
    controller.abort();
    await watch;
    expect(clock.pending).toEqual([]);
  });
});
