import { once } from 'node:events';
import http from 'node:http';
import { describe, expect, it, vi } from 'vitest';
import { createEngineEndpoint } from '../../engines/endpoint.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import type { EngineTarget, ProbeResult } from '../ports/engine-endpoint.ts';
import type { Progress } from '../ports/runs.ts';
import { awaitReady } from './readiness.ts';

const RUN = { tag: 'd.i.n', folder: '/runs/n' };
const TARGET = { port: 8_100, healthPath: '/health' };
const STALL_MS = 60_000;

/** A fake engine; the test sets its behaviour. */
function anEngine(key: string | null = null) {
  const engine = {
    answer: 'closed' as ProbeResult,
    /** Its answer to a probe with the key; `null`: the same as without. */
    answerToKey: null as ProbeResult | null,
    owner: 'ours' as 'ours' | 'foreign' | 'closed' | 'unknown' | 'no-answer',
    logBytes: 0,
    cpuTicks: 0,
    /** How long a check of the port's owner takes. */
    ownerMs: 0,
    owners: 0,
    probes: 0,
    keysSeen: 0,
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
        probe: async (target: EngineTarget) => {
          engine.probes += 1;
          if (target.key === null) return engine.answer;
          engine.keysSeen += 1;
          return engine.answerToKey ?? engine.answer;
        },
      },
      listeningPorts: {
        ownsPort: async () => {
          engine.owners += 1;
          if (engine.ownerMs > 0) await new Promise<void>((resolve) => clock.after(engine.ownerMs, resolve));
          return engine.owner;
        },
      },
      runs: { progress },
      logs: { size: () => engine.logBytes },
    },
    RUN,
    { ...TARGET, key },
    STALL_MS,
    controller.signal,
  );
  let settled: string | null = null;
  void outcome.then((result) => (settled = result));
  return { engine, clock, controller, outcome, settled: () => settled };
}

describe('readiness', () => {
  it.each([3_600_000, -3_600_000])('has the same time limit when the wall clock jumps by %d ms', async (jump) => {
    const { engine, clock, settled, outcome } = anEngine();
    await clock.advance(2_500);
    clock.jump(jump);
    await clock.advance(STALL_MS - 2_500);
    expect(settled()).toBe(null);
    engine.answer = 'ok';
    await clock.advance(300);
    expect(await outcome).toBe('ready');
  });

  it('is noticed within 10 ms of the first 200', async () => {
    const { engine, clock, settled } = anEngine();
    await clock.advance(300);
    engine.answer = 'loading';
    await clock.advance(300);
    expect(settled()).toBe(null);
    engine.answer = 'ok';
    await clock.advance(10);
    expect(settled()).toBe('ready');
  });

  it('is noticed within 10 ms of the log line even after a long load', async () => {
    const { engine, clock, settled } = anEngine();
    engine.answer = 'loading';
    await clock.advance(30_000);
    engine.logBytes += 40;
    await clock.advance(60);
    expect(settled(), 'the line is written shortly before the engine is ready').toBe(null);
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

  it.each(['ok', 'error', 'timeout', 'loading'] as const)(
    'is given up if a foreign process stays on the port, whatever it answers (%s)',
    async (answer) => {
      const { engine, clock, outcome, settled } = anEngine();
      engine.answer = answer;
      engine.owner = 'foreign';
      await clock.advance(10_000);
      expect(settled()).toBe(null);
      await clock.advance(2_000);
      expect(await outcome).toBe('taken');
    },
  );

  it('is awaited if foreign processes leave the port in time, however often they come', async () => {
    const { engine, clock, outcome, settled } = anEngine();
    engine.answer = 'ok';
    for (const owner of ['foreign', 'closed', 'foreign', 'no-answer', 'foreign', 'unknown'] as const) {
      engine.owner = owner;
      if (owner === 'unknown') engine.answer = 'loading';
      await clock.advance(9_000);
    }
    expect(settled()).toBe(null);
    engine.owner = 'ours';
    engine.answer = 'ok';
    await clock.advance(300);
    expect(await outcome).toBe('ready');
  });

  it('is not given up after two slow checks of the port', async () => {
    const { engine, clock, settled } = anEngine();
    engine.answer = 'loading';
    engine.owner = 'foreign';
    engine.ownerMs = 10_000;
    await clock.advance(24_000);
    expect([engine.owners, settled()]).toEqual([2, null]);
    engine.ownerMs = 0;
    engine.owner = 'ours';
    engine.answer = 'ok';
    await clock.advance(1_000);
    expect(settled()).toBe('ready');
  });

  it('does not count the duration of a check as time of a foreign owner', async () => {
    const { engine, clock, settled } = anEngine();
    engine.answer = 'loading';
    engine.owner = 'foreign';
    engine.ownerMs = 10_000;
    await clock.advance(5_000);
    engine.ownerMs = 0;
    await clock.advance(15_000);
    expect([engine.owners >= 3, settled()]).toEqual([true, null]);
    await clock.advance(3_000);
    expect(settled()).toBe('taken');
  });

  it('checks the owner of the port every two seconds at most while the engine loads', async () => {
    const { engine, clock } = anEngine();
    engine.answer = 'loading';
    await clock.advance(20_500);
    expect(engine.owners).toBeLessThanOrEqual(10);
  });

  it('is not accepted from a foreign process on the port', async () => {
    const { engine, clock, settled } = anEngine();
    engine.answer = 'ok';
    engine.owner = 'foreign';
    await clock.advance(500);
    expect(settled()).toBe(null);
    engine.owner = 'ours';
    await clock.advance(10);
    expect(settled()).toBe('ready');
  });

  it('is accepted if the owner of the port is unknown', async () => {
    const { engine, clock, settled } = anEngine();
    engine.owner = 'unknown';
    engine.answer = 'ok';
    await clock.advance(10);
    expect(settled()).toBe('ready');
  });

  it.each<ProbeResult>(['ok', 'error', 'loading', 'timeout'])(
    'never sends the run’s key to a foreign process on the port that answers %s',
    async (answer) => {
      const { engine, clock } = anEngine('secret');
      engine.answer = answer;
      engine.owner = 'foreign';
      await clock.advance(5_000);
      expect(engine.probes).toBeGreaterThan(20);
      expect(engine.keysSeen).toBe(0);
    },
  );

  it('sends a real foreign listener no key, whatever it answers', async () => {
    const seen: (string | undefined)[] = [];
    const server = http.createServer((request, response) => {
      seen.push(request.headers.authorization);
      response.writeHead([200, 401, 403, 500, 503][seen.length % 5] ?? 200).end();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const clock = new FakeClock({ realUpToMs: 10 });
    const controller = new AbortController();
    const outcome = awaitReady(
      {
        clock,
        endpoint: createEngineEndpoint({ clock }),
        listeningPorts: { ownsPort: async () => 'foreign' },
        runs: { progress: () => null },
        logs: { size: () => 0 },
      },
      RUN,
      { port, healthPath: '/health', key: 'secret' },
      STALL_MS,
      controller.signal,
    );
    await vi.waitFor(() => expect(seen.length).toBeGreaterThanOrEqual(10), { interval: 2, timeout: 20_000 });
    controller.abort();
    expect(await outcome).toBe('aborted');
    expect(new Set(seen)).toEqual(new Set([undefined]));
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  it('needs no key if the health path is open', async () => {
    const { engine, clock, settled } = anEngine('secret');
    engine.answer = 'ok';
    await clock.advance(10);
    expect([settled(), engine.keysSeen]).toEqual(['ready', 0]);
  });

  it('is noticed within 10 ms with the key if the health path requires it and the engine owns the port', async () => {
    const { engine, clock, settled } = anEngine('secret');
    engine.answer = 'error';
    engine.answerToKey = 'loading';
    await clock.advance(300);
    expect(settled()).toBe(null);
    engine.answerToKey = 'ok';
    await clock.advance(10);
    expect(settled()).toBe('ready');
  });

  it('is not accepted from an engine without a key that answers an error', async () => {
    const { engine, clock, settled } = anEngine();
    engine.answer = 'error';
    engine.answerToKey = 'ok';
    await clock.advance(500);
    expect(settled()).toBe(null);
  });

  it('is given up when nothing moves for the whole time limit', async () => {
    const { engine, clock, settled } = anEngine();
    engine.answer = 'loading';
    await clock.advance(STALL_MS + 2_000);
    expect(settled()).toBe('stalled');
  });

  it('is not given up while anything moves, because slow is not stuck', async () => {
    const { engine, clock, settled } = anEngine();
    engine.answer = 'loading';
    for (let minute = 0; minute < 5; minute += 1) {
      await clock.advance(50_000);
      engine.cpuTicks += 1;
    }
    expect(settled()).toBe(null);
  });

  it('ends when its signal aborts', async () => {
    const { clock, controller, outcome } = anEngine();
    await clock.advance(100);
    controller.abort();
    expect(await outcome).toBe('aborted');
    expect(clock.pending).toEqual([]);
  });
});
