import { chmod, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { fakeEngineCommand } from '@llamactl/server/testing/fake-engine';
import { ServerProcess } from './server-process.ts';

/** Custom engines that take a key: the real program, and an engine that asks for the key on all but `/health`. */

let server: ServerProcess;

beforeAll(async () => {
  server = await ServerProcess.create();
  const [node, program] = fakeEngineCommand();
  // An engine that takes its key as an argument, and writes its arguments down as many do.
  const wrapper = path.join(server.home, 'by-argument.sh');
  await writeFile(wrapper, `#!/bin/sh\necho "args: $*" >&2\nLLAMA_API_KEY="$2" exec ${node} ${program} "$@"\n`);
  await chmod(wrapper, 0o755);
  // Only an engine that got the key of llamactl's probe is ready.
  const engine = { kind: 'custom', health_path: '/v1/models' };
  const engines = {
    by_variable: { ...engine, command: node, args: [program, '--port', '${PORT}'], api_key_env: 'LLAMA_API_KEY' },
    by_argument: { ...engine, command: wrapper, args: ['--api-key', '${API_KEY}', '--port', '${PORT}'] },
  };
  await server.configure(`engines: ${JSON.stringify(engines)}\n`);
  await server.start();
});

afterAll(() => server.dispose());

async function created(name: string, engine: string): Promise<number> {
  await server.call('POST', '/api/instances', { name, engine });
  const started = await server.call('POST', `/api/instances/${name}/start?wait=true`);
  expect([started.status, started.body]).toMatchObject([200, {}]);
  return (await server.instance(name)).port;
}

/** The key of the process, from its environment. */
async function keyOf(name: string): Promise<string> {
  const { pid } = await server.instance(name);
  const environment = await readFile(`/proc/${pid}/environ`, 'utf8');
  return /(?:^|\0)LLAMA_API_KEY=([^\0]*)/.exec(environment)?.[1] ?? '';
}

describe.each(['by_variable', 'by_argument'])('a custom engine that takes its key %s', (engine) => {
  it('is ready by a probe with the key, answers the gateway, and no local user without it', async () => {
    const port = await created(engine, engine);
    const direct = await fetch(`http://127.0.0.1:${port}/v1/models`);
    expect(direct.status).toBe(401);
    await direct.body?.cancel();
    const answer = await server.call('POST', '/v1/completions', { model: engine, prompt: 'x' });
    expect(answer.status).toBe(200);
  });

  it('gets another key in each run, which needs no restart and stands nowhere', async () => {
    const first = await keyOf(engine);
    expect(first).toMatch(/^[\da-f]{48}$/);
    await server.call('POST', `/api/instances/${engine}/restart`);
    await vi.waitFor(async () => expect(await server.instance(engine)).toMatchObject({ status: 'running' }), 20_000);
    const second = await keyOf(engine);
    expect(second).not.toBe(first);
    expect(await server.instance(engine)).toMatchObject({ restart_required: false });
    const shown = await Promise.all(
      [`/api/instances/${engine}`, `/api/instances/${engine}/logs`, '/api/config', '/api/system/alerts'].map(
        async (url) => JSON.stringify((await server.call('GET', url)).body),
      ),
    );
    for (const text of shown) expect(text).not.toContain(second);
    expect(server.errors).not.toContain(second);
  });
});
