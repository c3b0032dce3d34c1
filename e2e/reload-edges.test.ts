import { existsSync } from 'node:fs';
import { chmod, readFile, readlink, rmdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { testEngine, testModel } from '../scripts/test-assets.ts';
import { fakeEngineCommand } from '../server/testing/fake-engine.ts';
import { isLong } from '../scripts/test-tier.ts';
import { runCommand } from './command-line.ts';
import { paced, PRIVILEGED, reload, stream } from './reloads.ts';
import { ServerProcess } from './server-process.ts';

/** What comes at a reload in the middle of something else. */

let server: ServerProcess;

afterEach(() => server.dispose());

async function serverWith(configuration: string): Promise<void> {
  server = await ServerProcess.create(PRIVILEGED + configuration);
  await server.start();
}

describe('a change that takes longer than it is waited for', () => {
  it.runIf(isLong)('is made by the new server, and answered once', async () => {
    server = await ServerProcess.create();
    // An engine that is slow to tell its options, the first time that it is asked.
    const slow = path.join(server.home, 'slow-engine');
    const asked = path.join(server.home, 'asked');
    await writeFile(
      slow,
      `#!/bin/sh\nif mkdir '${asked}' 2>/dev/null; then sleep 6; fi\nexec '${testEngine()}' "$@"\n`,
    );
    await chmod(slow, 0o755);
    await server.configure(`engines: { llama_cpp: { command: ${JSON.stringify(slow)} } }\n`);
    await server.start();
    const created = server.call('POST', '/api/instances', { name: 'a', model_path: await testModel() });
    await vi.waitFor(() => expect(existsSync(asked)).toBe(true), { timeout: 10_000 });
    await reload(server);
    expect(await created).toMatchObject({ status: 201, body: { instance: { name: 'a', status: 'stopped' } } });
    expect((await server.instance('a')).status).toBe('stopped');
    const { body } = await server.call('GET', '/api/audit?limit=10');
    expect(JSON.stringify(body).match(/createInstance/g)).toHaveLength(1);
  });
});

describe('a command whose outcome is waited for', () => {
  it.runIf(isLong)('is not given again by the new server: the stop that was acknowledged since stays', async () => {
    const [node, program] = fakeEngineCommand();
    const engine = `{ kind: custom, command: ${JSON.stringify(node)}, args: [${JSON.stringify(program)}, --port, "\${PORT}"] }`;
    await serverWith(`engines: { fake: ${engine} }\n`);
    const flags = ['--never-ready', '--hang-on-sigterm'];
    await server.call('POST', '/api/instances', { name: 'slow', engine: 'fake', extra_args: flags });
    const started = server.call('POST', '/api/instances/slow/start?wait=true');
    const isDeaf = async (): Promise<boolean> =>
      JSON.stringify((await server.call('GET', '/api/instances/slow/logs')).body).includes('load_model');
    await vi.waitFor(async () => expect(await isDeaf()).toBe(true), { timeout: 10_000 });
    expect((await server.call('POST', '/api/instances/slow/stop')).body).toMatchObject({ status: 'stopping' });
    await reload(server);
    expect((await server.instance('slow')).status).toBe('stopping');
    await server.call('POST', '/api/instances/slow/stop?wait=true', { force: true });
    expect((await started).body).toMatchObject({
      code: 'START_FAILED',
      reason: 'it was stopped before it was ready',
    });
    expect((await server.instance('slow')).status).toBe('stopped');
  });
});

describe('a stream that the old server finishes', () => {
  it('ends when its key is deleted in the new one', async () => {
    await serverWith('auth: { enabled: true }\n');
    const password = (await readFile(path.join(server.dataDirectory, 'admin-password'), 'utf8')).trim();
    const call = async (
      method: string,
      url: string,
      credential: string,
      body?: object,
    ): Promise<Record<string, unknown>> => {
      const headers = { authorization: `Bearer ${credential}`, 'content-type': 'application/json' };
      const content = body === undefined ? {} : { body: JSON.stringify(body) };
      const answer = await fetch(server.url + url, { method, headers, ...content });
      expect(answer.ok).toBe(true);
      return (await answer.json()) as Record<string, unknown>;
    };
    const { token } = (await server.call('POST', '/api/auth/login', { username: 'admin', password })).body;
    const admin = String(token);
    await call('POST', '/api/instances', admin, paced('chat'));
    const made = await Promise.all(['one', 'other'].map((name) => call('POST', '/api/keys', admin, { name })));
    const [one, other] = made.map(({ key }) =>
      stream(server, 'chat', 100_000, { authorization: `Bearer ${String(key)}` }),
    );
    await one?.until((items) => items.length > 3);
    await other?.until((items) => items.length > 3);
    await reload(server);
    await reload(server);
    const [{ info } = {}] = made;
    await call('DELETE', `/api/keys/${(info as { id: string }).id}`, admin);
    await expect(one?.ended).rejects.toThrow('terminated');
    const seen = other?.items.length ?? 0;
    await other?.until((items) => items.length > seen + 3);
  });
});

describe('what the first process was started with', () => {
  it.runIf(isLong)('is kept by servers alone: a lock that a script holds by a descriptor', async () => {
    server = await ServerProcess.create(PRIVILEGED, (dataDirectory) => {
      const lock = path.join(path.dirname(dataDirectory), 'lock');
      return ['bash', '-c', 'exec "${@:2}" 200>"$1"', 'bash', lock];
    });
    await server.start();
    const at200 = (pid: number): Promise<string | null> => readlink(`/proc/${pid}/fd/200`).catch(() => null);
    const startOne = async (name: string): Promise<void> => {
      await server.call('POST', '/api/instances', paced(name));
      expect((await server.call('POST', `/api/instances/${name}/start?wait=true`)).status).toBe(200);
    };
    await startOne('before');
    const serving = await reload(server);
    await startOne('after');
    const lock = path.join(server.home, 'lock');
    expect([await at200(server.pid), await at200(serving)]).toEqual([lock, lock]);
    const engines = await server.processes();
    expect(engines).toHaveLength(4);
    for (const { pid } of engines) expect(await at200(pid)).not.toBe(lock);
  });

  it.runIf(isLong)('is no folder that has to stay: a reload works where that is gone', async () => {
    // With relative paths in its flags.
    const script = 'home=$1; mkdir "$home/here"; cd "$home/here"; shift; exec "${@/#$home\\//../}"';
    server = await ServerProcess.create('', (dataDirectory) => [
      'bash',
      '-c',
      script,
      'bash',
      path.dirname(dataDirectory),
    ]);
    await server.start();
    await rmdir(path.join(server.home, 'here'));
    const [second, third] = [await reload(server), await reload(server)];
    expect(new Set([server.pid, second, third]).size).toBe(3);
    expect((await server.call('GET', '/readyz')).status).toBe(200);
  });
});

describe('accounts that a reload switches on', () => {
  it.runIf(isLong)('are reported once, with where the first password is', async () => {
    await serverWith('');
    await server.configure('auth: { enabled: true }\n');
    const words = ['reload', '--config', '/dev/null', '--data-dir', server.dataDirectory];
    const { status, stdout } = await runCommand(words, { HOME: server.home });
    const file = path.join(server.dataDirectory, 'admin-password');
    expect([status, stdout]).toEqual([0, expect.stringContaining(`admin, is in ${file}\n`)]);
    expect(existsSync(file)).toBe(true);
    expect((await runCommand(words, { HOME: server.home })).stdout).not.toContain(file);
  });
});

describe('the service', () => {
  it.runIf(isLong)(
    'is over when the server that serves is killed, also while another process finishes a stream',
    async () => {
      await serverWith('');
      await server.call('POST', '/api/instances', paced('chat'));
      await reload(server);
      const long = stream(server, 'chat', 100_000);
      await long.until((items) => items.length > 3);
      const serving = await reload(server);
      const first = server.ended();
      process.kill(serving, 'SIGKILL');
      expect(await first).toBe(1);
      await expect(long.ended).rejects.toThrow('terminated');
    },
  );

  it('goes on when one in the middle is killed: what that one’s predecessor finished is broken off, no more', async () => {
    await serverWith('');
    await server.call('POST', '/api/instances', paced('chat'));
    const long = stream(server, 'chat', 100_000);
    await long.until((items) => items.length > 3);
    const middle = await reload(server);
    const serving = await reload(server);
    process.kill(middle, 'SIGKILL');
    await expect(long.ended).rejects.toThrow('terminated');
    expect([(await server.holder())?.pid, (await server.instance('chat')).status]).toEqual([serving, 'running']);
    expect(await server.end('SIGTERM')).toBe(0);
  });

  it.runIf(isLong)('ends at once on a second signal, whichever process serves', async () => {
    const [node, program] = fakeEngineCommand();
    const engine = `{ kind: custom, command: ${JSON.stringify(node)}, args: [${JSON.stringify(program)}, --port, "\${PORT}"] }`;
    await serverWith(`engines: { fake: ${engine} }\n`);
    const serving = await reload(server);
    await server.call('POST', '/api/instances', {
      name: 'stubborn',
      engine: 'fake',
      extra_args: ['--hang-on-sigterm'],
    });
    await server.call('POST', '/api/instances/stubborn/start?wait=true');
    await server.call('POST', '/api/instances/stubborn/stop');
    const end = server.end('SIGTERM');
    while ((await Promise.race([end, pause(100, 'waits')])) === 'waits') void server.end('SIGTERM');
    expect(await end).toBe(143);
    const status = await readFile(`/proc/${serving}/status`, 'utf8').catch(() => 'State:\tX');
    expect(status).toMatch(/^State:\t[XZ]/m);
  });
});
