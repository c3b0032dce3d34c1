import { Client, type EventStream, type Frame } from '@llamactl/client';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { testModel } from '../scripts/test-assets.ts';
import { ServerProcess } from './server-process.ts';

/** Requests, starts and logs as they happen, over one WebSocket, with the real program and the real engine. */

const PATIENCE = { timeout: 15_000, interval: 20 };

let server: ServerProcess;
let client: Client;
let events: EventStream;
const frames: Frame[] = [];
const leave = new AbortController();

beforeAll(async () => {
  server = await ServerProcess.create('security: { allow_privileged: true }\n');
  await server.start();
  client = new Client(server.url);
  await client.createInstance({
    name: 'demo',
    model_path: await testModel(),
    options: { threads: 1, context_shift: true },
  });
  const opened = Promise.withResolvers<void>();
  events = client.events({
    types: ['requests_updated', 'request_started', 'request_finished', 'system_stats_updated'],
    logs: [{ instance: 'demo', after_seq: 0 }],
    signal: leave.signal,
    onOpen: opened.resolve,
  });
  void collect();
  await opened.promise;
}, 30_000);

afterAll(async () => {
  leave.abort();
  await server.dispose();
});

async function collect(): Promise<void> {
  try {
    for await (const frame of events) frames.push(frame);
  } catch (error) {
    if (!leave.signal.aborted) throw error;
  }
}

const ofType = <Type extends Frame['type']>(type: Type): (Frame & { type: Type })[] =>
  frames.filter((frame): frame is Frame & { type: Type } => frame.type === type);
const logged = (): { seq: number; message: string }[] => ofType('log_lines').flatMap(({ data }) => data.lines);

it('a start shows in the log, and the list says how long it took', async () => {
  await client.startInstance('demo', { wait: true });
  await vi.waitFor(() => expect(logged().some(({ message }) => message.includes('listening'))).toBe(true), PATIENCE);
  const [row] = await client.listInstances();
  expect(row).toMatchObject({ in_flight: 0, waiting: 0, load: null, last_used_at: null, restart_required: false });
  expect(row?.last_load_seconds).toBeGreaterThan(0);
  expect(Date.parse(row?.ready_at ?? '')).toBeGreaterThan(Date.parse(row?.started_at ?? ''));
}, 30_000);

it('a request shows while it runs, with its tokens, and when it is over', async () => {
  const stop = new AbortController();
  const body = { model: 'demo', prompt: 'Hi', stream: true, ignore_eos: true, n_predict: -1 };
  const answer = await fetch(`${server.url}/v1/completions`, {
    method: 'POST',
    body: JSON.stringify(body),
    signal: stop.signal,
  });
  const rest = answer.text().catch(() => undefined);
  await vi.waitFor(() => {
    expect(ofType('request_started')).toMatchObject([{ data: { instance: 'demo', caller: 'anonymous' } }]);
    expect(ofType('requests_updated').some(({ data }) => data.in_flight === 1)).toBe(true);
    expect(ofType('requests_updated').some(({ data }) => data.tokens_per_second > 0)).toBe(true);
  }, PATIENCE);
  stop.abort();
  await rest;
  await vi.waitFor(() => {
    expect(ofType('request_finished')).toMatchObject([{ data: { instance: 'demo' } }]);
    expect(ofType('requests_updated').at(-1)?.data).toMatchObject({ in_flight: 0, tokens_per_second: 0 });
    expect(ofType('system_stats_updated')[0]?.data.resources.memory_total).toBeGreaterThan(0);
  }, PATIENCE);
  const [row] = await client.listInstances();
  expect(Date.parse(row?.last_used_at ?? '')).toBeGreaterThan(0);
  expect(row?.stats?.memory_usage).toBeGreaterThan(0);
}, 30_000);

it('the log goes on after kill -9 of the server, without a line twice', async () => {
  await server.end('SIGKILL');
  await server.start();
  const before = logged().length;
  await client.request('POST', '/v1/completions', { body: { model: 'demo', prompt: 'Hi', max_tokens: 2 } });
  await vi.waitFor(() => expect(logged().length).toBeGreaterThan(before), PATIENCE);
  const seqs = logged().map(({ seq }) => seq);
  expect(seqs).toEqual([...new Set(seqs)].toSorted((one, other) => one - other));
  expect(ofType('log_gap')).toEqual([]);
}, 30_000);

it('another subscription takes effect on the open connection', async () => {
  const { length } = frames;
  events.subscribe({ types: ['instance_updated'] });
  await client.updateInstance('demo', { idle_timeout: 600 });
  await vi.waitFor(() => expect(ofType('instance_updated')).toHaveLength(1), PATIENCE);
  await client.request('POST', '/v1/completions', { body: { model: 'demo', prompt: 'Hi', max_tokens: 2 } });
  await client.updateInstance('demo', { idle_timeout: 601 });
  await vi.waitFor(() => expect(ofType('instance_updated')).toHaveLength(2), PATIENCE);
  const types = new Set(frames.slice(length).map(({ type }) => type));
  expect(types.has('request_started')).toBe(false);
}, 30_000);

it('histories of instances and of the machine outlive a restart', async () => {
  const requests = async (): Promise<number> =>
    (await client.getInstanceStats('demo')).points.reduce((sum, point) => sum + point.requests, 0);
  const before = await vi.waitFor(async () => {
    const count = await requests();
    expect(count).toBeGreaterThanOrEqual(2);
    expect((await client.getSystemStats()).points.length).toBeGreaterThan(0);
    return count;
  }, PATIENCE);
  await server.end('SIGTERM');
  await server.start();
  await vi.waitFor(async () => expect(await requests()).toBeGreaterThanOrEqual(before), PATIENCE);
  const { points } = await client.getSystemStats();
  expect(Date.parse(points[0]?.timestamp ?? '')).toBeLessThan(Date.now());
  const { instances, seconds } = await client.getFleetStats({ window: '10m', points: 20 });
  expect(seconds).toBe(30);
  expect(instances).toMatchObject([{ name: 'demo' }]);
  expect(instances[0]?.requests.some((count) => (count ?? 0) > 0)).toBe(true);
}, 30_000);

it('a slow start shows its progress, and the next one an estimate, also after a restart of the server', async () => {
  const engine = "setTimeout(() => require('http').createServer((_, a) => a.end()).listen(+process.argv[1]), 2500)";
  await client.createInstance({ name: 'slow', engine: 'custom', command: [process.execPath, '-e', engine, '${PORT}'] });
  events.subscribe({ types: ['instance_load_progress', 'instance_status_changed'], instances: ['slow'] });
  await client.startInstance('slow', { wait: true });
  const progress = () => ofType('instance_load_progress').map(({ data }) => data.load);
  const [first] = progress();
  expect(first).toMatchObject({ phase: 'loading', fraction: null, usual_seconds: null });
  expect(first?.elapsed).toBeGreaterThan(0);
  await client.stopInstance('slow', {}, { wait: true });
  await server.end('SIGTERM');
  await server.start();
  await vi.waitFor(async () => {
    expect((await client.getInstance('slow')).last_load_seconds).toBeGreaterThan(2);
  }, PATIENCE);
  const { length } = progress();
  await vi.waitFor(() => client.startInstance('slow'), PATIENCE);
  await vi.waitFor(() => expect(progress().length).toBeGreaterThan(length), PATIENCE);
  const later = progress().at(-1);
  expect(later?.usual_seconds).toBeGreaterThan(2);
  expect(later?.fraction).toBeGreaterThan(0);
  expect(later?.fraction).toBeLessThan(1);
}, 45_000);

it('lines of the log are found by their text, and page by page', async () => {
  const all = await client.getInstanceLogs('demo', { lines: 10_000 });
  const found = await client.getInstanceLogs('demo', { q: 'LISTENING' });
  expect(found.logs.length).toBeGreaterThan(0);
  expect(found.logs.every(({ message }) => message.toLowerCase().includes('listening'))).toBe(true);
  const [first] = found.logs;
  const before = await client.getInstanceLogs('demo', { before_seq: first?.seq ?? 0, lines: 5 });
  const index = all.logs.findIndex(({ seq }) => seq === first?.seq);
  expect(before.logs).toEqual(all.logs.slice(index - 5, index));
}, 30_000);
