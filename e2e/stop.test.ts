import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { fakeEngineCommand } from '../server/testing/fake-engine.ts';
import { ServerProcess } from './server-process.ts';

/** Stops at awkward moments, with a program that takes its time, as the real engine does with real models. */

let server: ServerProcess;
let count = 0;

beforeAll(async () => {
  const [node, program] = fakeEngineCommand();
  const engine = `{ kind: custom, command: ${JSON.stringify(node)}, args: [${JSON.stringify(program)}, --port, "\${PORT}"] }`;
  server = await ServerProcess.create(`engines: { fake: ${engine} }`);
  await server.start();
});

afterAll(() => server.dispose());

/** Creates an instance of the fake engine and starts it. */
async function started(faults: string[], until: 'starting' | 'running' = 'running'): Promise<string> {
  const name = `fake-${(count += 1)}`;
  const created = await server.call('POST', '/api/instances', { name, engine: 'fake', extra_args: faults });
  expect(created.status, JSON.stringify(created.body)).toBe(201);
  await server.call('POST', `/api/instances/${name}/start${until === 'running' ? '?wait=true' : ''}`);
  await reaches(name, until);
  return name;
}

async function reaches(name: string, status: string): Promise<void> {
  await vi.waitFor(async () => expect((await server.instance(name)).status).toBe(status), {
    timeout: 15_000,
    interval: 10,
  });
}

/** A chat that streams slowly: its chunks so far, and how it ended. */
async function slowStream(name: string): Promise<{ chunks: () => number; end: Promise<'whole' | 'broken'> }> {
  const response = await fetch(`${server.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: name, stream: true, messages: [] }),
  });
  expect(response.status).toBe(200);
  let chunks = 0;
  let text = '';
  const end = (async (): Promise<'whole' | 'broken'> => {
    try {
      for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
        chunks += 1;
        text += chunk;
      }
      return text.includes('[DONE]') ? 'whole' : 'broken';
    } catch {
      return 'broken';
    }
  })();
  await vi.waitFor(() => expect(chunks).toBeGreaterThan(0), { timeout: 5_000, interval: 5 });
  return { chunks: () => chunks, end };
}

describe('a stop', () => {
  it('reaches an engine that is still loading', async () => {
    const name = await started(['--load-ms', '600000'], 'starting');
    await vi.waitFor(async () => expect((await server.instance(name)).pid).not.toBe(null));
    // The load takes ten minutes: a stop that waited for it would never answer in time.
    const { body } = await server.call('POST', `/api/instances/${name}/stop?wait=true`);
    expect(body['status']).toBe('stopped');
  });

  it('lets a stream finish, refusing what is new meanwhile', async () => {
    const name = await started(['--tokens', '20', '--token-ms', '25']);
    const stream = await slowStream(name);
    expect((await server.call('POST', `/api/instances/${name}/stop`)).body['status']).toBe('stopping');
    const refused = await server.call('POST', '/v1/chat/completions', { model: name, messages: [] });
    expect(refused.status).toBe(503);
    expect(await stream.end).toBe('whole');
    await reaches(name, 'stopped');
  });

  it('breaks a stream whose time is over: never a clean end that looks whole', async () => {
    const name = await started(['--tokens', '100000', '--token-ms', '10']);
    const stream = await slowStream(name);
    const { body } = await server.call('POST', `/api/instances/${name}/stop?wait=true`, { timeout: 0.2 });
    expect(body['status']).toBe('stopped');
    expect(await stream.end).toBe('broken');
  });

  it('with force ends at once a gentle one that drains', async () => {
    const name = await started(['--tokens', '100000', '--token-ms', '10', '--hang-on-sigterm']);
    const stream = await slowStream(name);
    await server.call('POST', `/api/instances/${name}/stop`, { timeout: 600 });
    // The gentle stop drains for ten minutes.
    const { body } = await server.call('POST', `/api/instances/${name}/stop?wait=true`, { force: true });
    expect(body['status']).toBe('stopped');
    expect(await stream.end).toBe('broken');
    expect((await server.instance(name)).last_exit).toMatchObject({ code: 137, signal: 'SIGKILL' });
  });

  it('ends what ignores SIGTERM, and what the engine left behind in a session of its own', async () => {
    const name = await started(['--hang-on-sigterm', '--spawn-grandchild']);
    const marked = async () => (await server.processes()).length;
    expect(await marked()).toBeGreaterThanOrEqual(3);
    const { body } = await server.call('POST', `/api/instances/${name}/stop?wait=true`);
    expect(body['status']).toBe('stopped');
    expect(await marked()).toBe(0);
  });

  it('is waited for by a delete that comes right after it', async () => {
    const name = await started(['--tokens', '20', '--token-ms', '25']);
    const stream = await slowStream(name);
    await server.call('POST', `/api/instances/${name}/stop`);
    const deletes = await Promise.all([1, 2, 3].map(() => server.call('DELETE', `/api/instances/${name}`)));
    expect(deletes.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(await stream.end).toBe('whole');
    expect((await server.call('GET', `/api/instances/${name}`)).status).toBe(404);
  });
});

describe('a client that hangs up', () => {
  it('frees the engine: nothing is left to drain', async () => {
    const name = await started(['--tokens', '100000', '--token-ms', '10']);
    const controller = new AbortController();
    const response = await fetch(`${server.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: name, stream: true, messages: [] }),
      signal: controller.signal,
    });
    await response.body?.getReader().read();
    controller.abort();
    // A request that still counted would be drained for ten minutes.
    const { body } = await server.call('POST', `/api/instances/${name}/stop?wait=true`, { timeout: 600 });
    expect(body['status']).toBe('stopped');
  });
});
