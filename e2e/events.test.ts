import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { testModel, unknownModel } from '../scripts/test-assets.ts';
import { isLong } from '../scripts/test-tier.ts';
import { LiveEvents } from './live-events.ts';
import { ServerProcess } from './server-process.ts';

/** A client gets every transition once and in order, whatever happens to connection and server. */

const CYCLES = isLong ? 200 : 20;
const CYCLE = ['stopped → starting', 'starting → running', 'running → stopping', 'stopping → stopped'];

let server: ServerProcess;
let events: LiveEvents;

beforeEach(async () => {
  server = await ServerProcess.create();
  await server.start();
  events = new LiveEvents(server.url);
});

afterEach(async () => {
  events.disconnect();
  await server.dispose();
});

describe('live events', () => {
  it(
    `tell every transition of ${CYCLES} cycles in order, across reconnects and kill -9 of the server`,
    { timeout: 300_000 },
    async () => {
      await server.call('POST', '/api/instances', {
        name: 'a',
        model_path: await testModel(),
        options: { threads: 1 },
      });
      await events.connect();
      const crash = async (): Promise<void> => {
        await server.end('SIGKILL');
        events.disconnect();
        await server.start();
        await events.connect();
      };
      for (let cycle = 0; cycle < CYCLES; cycle += 1) {
        // Away for a moment, for a whole cycle, and not at all, at all points of a cycle.
        if (cycle % 5 === 1) events.disconnect();
        // Answered when the start is stored: what is promised survives.
        await server.call('POST', '/api/instances/a/start');
        if (cycle % 5 === 3) {
          events.disconnect();
          await events.connect();
        }
        if (cycle === CYCLES / 2) await crash();
        await vi.waitFor(async () => expect((await server.instance('a')).status).toBe('running'), {
          timeout: 15_000,
          interval: 10,
        });
        if (cycle % 5 === 4) events.disconnect();
        if (cycle === CYCLES / 4) await crash();
        const { status } = await server.call('POST', '/api/instances/a/stop?wait=true');
        expect(status, `cycle ${cycle}`).toBe(200);
        if (cycle === (CYCLES * 3) / 4) await crash();
        if (cycle % 5 === 4 || cycle % 5 === 1) await events.connect();
      }
      const expected = Array.from({ length: CYCLES }, () => CYCLE).flat();
      await vi.waitFor(() => expect(events.transitions('a').length).toBeGreaterThanOrEqual(expected.length));
      expect(events.transitions('a')).toEqual(expected);
      const kept = events.frames.filter(({ type }) => type !== 'instance_stats_updated');
      expect(kept[0]?.type).toBe('instance_created');
      const numbers = kept.map(({ seq }) => seq);
      expect(new Set(numbers).size, 'nothing twice').toBe(numbers.length);
      expect(numbers).toEqual(numbers.toSorted((one, other) => one - other));
    },
  );

  it('tell of an alert that outlasts kill -9 of the server, with its beginning, until it is over', async () => {
    const noModel = path.join(server.home, 'no-model.gguf');
    await writeFile(noModel, unknownModel());
    await server.call('POST', '/api/instances', { name: 'a', model_path: noModel, options: { threads: 1 } });
    await events.connect();
    expect((await server.call('POST', '/api/instances/a/start?wait=true')).body['code']).toBe('START_FAILED');
    const before = await server.call('GET', '/api/system/alerts');
    expect(before.body).toMatchObject({ alerts: [{ code: 'instance_failed', instance: 'a' }] });
    // Stored behind the alert: so that is stored too.
    await server.call('POST', '/api/instances', { name: 'b', model_path: noModel });
    await vi.waitFor(() => expect(events.alerts()).toEqual(['instance_failed raised']));

    await server.end('SIGKILL');
    events.disconnect();
    await server.start();
    await events.connect();
    expect(await server.call('GET', '/api/system/alerts')).toEqual(before);
    await server.call('POST', '/api/instances/a/stop');
    await vi.waitFor(() => expect(events.alerts()).toEqual(['instance_failed raised', 'instance_failed cleared']));
    expect((await server.call('GET', '/api/system/alerts')).body).toEqual({ alerts: [] });
  });
});
