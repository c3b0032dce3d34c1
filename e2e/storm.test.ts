import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { STATUSES } from '@llamactl/contract/instance';
import { testModel } from '../scripts/test-assets.ts';
import { ServerProcess } from './server-process.ts';

let server: ServerProcess;

beforeAll(async () => {
  server = await ServerProcess.create();
  await server.start();
  await server.call('POST', '/api/instances', {
    name: 'storm',
    model_path: await testModel(),
    options: { threads: 1 },
  });
});

afterAll(() => server.dispose());

/** Most calls hit a state that allows them; none may ever get a fault of ours. */
const CALLS: readonly [string, string, object?][] = [
  ['POST', '/start'],
  ['POST', '/start'],
  ['POST', '/stop'],
  ['POST', '/stop', { force: true }],
  ['POST', '/stop', { timeout: 0 }],
  ['POST', '/restart'],
  ['POST', '/restart', { force: true }],
  ['GET', '/health'],
  ['GET', ''],
  ['PUT', '', { aliases: ['a'] }],
  ['PUT', '?apply=restart', { options: { threads: 2 } }],
];

/** Starts in the server's log. */
function starts(): number {
  return (server.errors.match(/"status":"starting"/g) ?? []).length;
}

/** Sends 200 calls within two seconds. */
async function storm(seed: number): Promise<void> {
  const choices = fc.sample(fc.tuple(fc.nat(CALLS.length - 1), fc.nat(20)), { numRuns: 200, seed });
  const answers = choices.map(async ([choice, delay]) => {
    const [method = 'GET', path = '', body] = CALLS[choice] ?? [];
    await new Promise((resolve) => void setTimeout(resolve, delay * 100));
    const { status, body: answer } = await server.call(method, `/api/instances/storm${path}`, body);
    expect([200], `${method} ${path}: ${JSON.stringify(answer)}; seed ${seed}`).toContain(status);
    if ('status' in answer && path !== '/health') expect(STATUSES).toContain(answer['status']);
  });
  await Promise.all(answers);
}

/** On a slow machine most starts of a wave are cancelled by the stops behind them. */
const MOST_WAVES = 10;
const ENOUGH_STARTS = 4;

describe('200 random calls on one instance, in waves until some starts came of them', () => {
  it('keep it in a legal state with one process at most', async () => {
    const seed = Number(process.env['LLAMACTL_TEST_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
    const over = new AbortController();
    const watch = (async () => {
      while (!over.signal.aborted) {
        const engines = (await server.processes()).filter(({ isWrapper }) => !isWrapper);
        const runs = new Set(engines.map(({ tag }) => tag));
        expect(runs.size, `two engines at once; seed ${seed}`).toBeLessThanOrEqual(1);
      }
    })();
    // Judged below; until then a failure waits.
    watch.catch(() => undefined);
    for (let wave = 0; wave < MOST_WAVES && starts() < ENOUGH_STARTS; wave += 1) await storm(seed + wave);
    over.abort();
    await watch;
    // The log arrives over a pipe, so the last lines may still be on their way.
    await vi.waitFor(() => expect(starts(), `seed ${seed}`).toBeGreaterThanOrEqual(ENOUGH_STARTS));

    await server.call('POST', '/api/instances/storm/stop', { force: true });
    await vi.waitFor(async () => expect((await server.instance('storm')).status).toBe('stopped'), {
      timeout: 10_000,
      interval: 20,
    });
    expect(await server.processes()).toEqual([]);
    expect((await server.call('DELETE', '/api/instances/storm')).status).toBe(200);
  });
});
