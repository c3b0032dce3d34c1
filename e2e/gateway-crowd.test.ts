import { Agent, request as httpRequest } from 'node:http';
import { readdir, readFile, readlink } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { DEMO_SENTENCE } from '@llamactl/cli/quickstart/demo-model';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { testModel } from '../scripts/test-assets.ts';
import { isLong } from '../scripts/test-tier.ts';
import { LiveEvents } from './live-events.ts';
import { ServerProcess } from './server-process.ts';

/** Many requests at once, and many in a row, through the real program to the real engine: each gets its answer. */

const CHAT = { messages: [{ role: 'user', content: 'Hello' }], temperature: 0 };
const EVENT = /^data: (\{.*\})$/gm;

let server: ServerProcess;
let events: LiveEvents;

afterEach(async () => {
  events.disconnect();
  await server.dispose();
});

async function serverWith(configuration: string, ...instances: { name: string; group?: string }[]): Promise<void> {
  server = await ServerProcess.create(configuration);
  await server.start();
  events = new LiveEvents(server.url);
  await events.connect();
  const model_path = await testModel();
  for (const instance of instances) {
    const body = { ...instance, model_path, options: { ctx_size: 1_024, parallel: 4, threads: 1 } };
    expect((await server.call('POST', '/api/instances', body)).status).toBe(201);
  }
}

/** What the model said; where the answer is not as it must be, the answer itself. */
async function said(model: string, stream: boolean, wishes: object = {}, agent?: Agent): Promise<string> {
  const { status, text } = await post(JSON.stringify({ ...CHAT, model, stream, ...wishes }), agent ?? false);
  if (status !== 200) return `${status} ${text}`;
  if (!stream) return (JSON.parse(text) as { choices: [{ message: { content: string } }] }).choices[0].message.content;
  if (!text.endsWith('data: [DONE]\n\n')) return text;
  const chunks = [...text.matchAll(EVENT)].map(
    ([, json = '']) => JSON.parse(json) as { choices: { delta: { content?: string | null } }[] },
  );
  return chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('');
}

function post(content: string, agent: Agent | false): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(content) };
    const options = {
      host: '127.0.0.1',
      port: server.port,
      path: '/v1/chat/completions',
      method: 'POST',
      agent,
      headers,
    };
    const request = httpRequest(options, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (piece: string) => (text += piece));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
      response.on('error', reject);
    });
    request.on('error', reject).end(content);
  });
}

/** Tags of the engines that lived at the same moment, for every check until `work` was over. */
async function enginesDuring(work: Promise<unknown>): Promise<string[][]> {
  const moments: string[][] = [];
  const over = new AbortController();
  // a failure is the caller's, who waits for the work itself
  work.then(
    () => over.abort(),
    () => over.abort(),
  );
  while (!over.signal.aborted) {
    const engines = (await server.processes()).filter(({ isWrapper }) => !isWrapper);
    moments.push([...new Set(engines.map(({ tag }) => tag))]);
  }
  return moments;
}

/** How many times an instance came to run. */
const starts = (name: string): number =>
  events.transitions(name).filter((transition) => transition.endsWith('→ running')).length;

describe('200 requests at once for an instance that is stopped', () => {
  it('start one engine, and all get the right answer', async () => {
    await serverWith('', { name: 'a' });
    const answers = Promise.all(Array.from({ length: 200 }, (_unused, index) => said('a', index % 2 === 0)));
    const moments = await enginesDuring(answers);
    expect(new Set(await answers)).toEqual(new Set([DEMO_SENTENCE]));
    expect(new Set(moments.flat()).size).toBe(1);
    expect(events.transitions('a')).toEqual(['stopped → starting', 'starting → running']);
  });
});

describe('two models with one slot', () => {
  it('answer 20 requests each that came at once, one engine after the other', async () => {
    const group = 'slot';
    await serverWith('groups: { slot: { max_running: 1 } }', { name: 'a', group }, { name: 'b', group });
    const answers = Promise.all(
      Array.from({ length: 40 }, (_unused, index) => said(index % 2 === 0 ? 'a' : 'b', index % 4 < 2)),
    );
    const moments = await enginesDuring(answers);
    expect(new Set(await answers)).toEqual(new Set([DEMO_SENTENCE]));
    expect(moments.filter((tags) => tags.length > 1)).toEqual([]);
    // An engine that answers all its requests between two looks is only in the events.
    await vi.waitFor(() => expect(Math.min(starts('a'), starts('b'))).toBeGreaterThan(0));
    expectNeverTwo(['a', 'b']);
    expect(starts('a') + starts('b')).toBeLessThanOrEqual(4);
  });
});

/** As the events tell it: none began to run while another had its process. */
function expectNeverTwo(names: readonly string[]): void {
  const alive = new Set<string>();
  for (const { type, data } of events.frames) {
    if (type !== 'instance_status_changed' || !names.includes(data.name)) continue;
    if (data.status === 'running') alive.add(data.name);
    if (data.status === 'stopped' || data.status === 'failed') alive.delete(data.name);
    expect(alive.size, `${[...alive].join(' and ')} at once`).toBeLessThanOrEqual(1);
  }
}

describe('streams one right after the other on one connection', () => {
  // llama-server closes its connection after each of them, and does not say so
  const STREAMS = isLong ? 2_000 : 300;
  const SHORT = { max_tokens: 3 };
  const BEGINNING = DEMO_SENTENCE.split(' ', 3).join(' ');

  it(`all come whole, ${STREAMS} of ${STREAMS}`, { timeout: 300_000 }, async () => {
    await serverWith('', { name: 'a' });
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const sockets = new Set<Socket>();
    agent.on('free', (socket: Socket) => sockets.add(socket));
    try {
      for (let index = 0; index < STREAMS; index += 1) {
        expect(await said('a', true, SHORT, agent), `request ${index}`).toBe(BEGINNING);
      }
      expect(sockets.size).toBe(1);
      expect(starts('a')).toBe(1);
    } finally {
      agent.destroy();
    }
  });
});

describe('12 requests at once on a fresh engine', () => {
  // each idle connection keeps one of its few threads for 5 s, and a new request waits that long
  it('leave at most two connections to it, after each of 3 starts', async () => {
    await serverWith('', { name: 'a' });
    for (let start = 0; start < 3; start += 1) {
      const port = await freshEngine('a');
      for (let wave = 0; wave < 2; wave += 1) {
        const answers = await Promise.all(Array.from({ length: 12 }, () => said('a', false)));
        expect(new Set(answers)).toEqual(new Set([DEMO_SENTENCE]));
      }
      await vi.waitFor(async () => expect(await connectionsTo(port)).toBeLessThanOrEqual(2), {
        // kept ones would stay for 4 s
        timeout: 3_000,
        interval: 10,
      });
      await server.call('POST', '/api/instances/a/stop?wait=true');
    }
  });
});

async function freshEngine(name: string): Promise<number> {
  await server.call('POST', `/api/instances/${name}/start?wait=true`);
  return (await server.instance(name)).port;
}

/** Open connections from the server to a port. */
async function connectionsTo(port: number): Promise<number> {
  const ours = new Set(await socketsOf(server.pid));
  const rows = (await readFile('/proc/net/tcp', 'utf8')).split('\n').map((row) => row.trim().split(/\s+/));
  const remote = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return rows.filter(
    ([, , to, state, , , , , , inode]) => to?.endsWith(remote) && state === ESTABLISHED && ours.has(inode ?? ''),
  ).length;
}

const ESTABLISHED = '01';

/** Inodes of a process's sockets. */
async function socketsOf(pid: number): Promise<string[]> {
  const folder = `/proc/${pid}/fd`;
  const links = await Promise.all((await readdir(folder)).map((name) => readlink(`${folder}/${name}`).catch(() => '')));
  return links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []);
}
