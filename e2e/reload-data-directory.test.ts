import { mkdir, open, readdir, rm, rmdir, symlink } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { runCommand } from './command-line.ts';
import { paced, PRIVILEGED } from './reloads.ts';
import { ServerProcess } from './server-process.ts';

/** Changes of the data directory under a running server, and their effect on a reload. */

let server: ServerProcess;

afterEach(() => server.dispose());

async function serving(): Promise<void> {
  server = await ServerProcess.create(PRIVILEGED);
  await server.start();
}

const reloaded = (): ReturnType<typeof runCommand> =>
  runCommand(['reload', '--config', '/dev/null', '--data-dir', server.dataDirectory], { HOME: server.home });

const alerts = async (): Promise<string> => JSON.stringify((await server.call('GET', '/api/system/alerts')).body);

describe('a reload is refused', () => {
  it('without its database, which comes back when the server ends', async () => {
    await serving();
    const files = (await readdir(server.dataDirectory)).filter((name) => name.startsWith('llamactl.db'));
    for (const name of files) await rm(path.join(server.dataDirectory, name));
    expect((await server.call('POST', '/api/instances', paced('a'))).status).toBe(201);
    const { status, stderr } = await reloaded();
    expect([status, stderr]).toEqual([1, expect.stringContaining('llamactl.db was removed from data_dir')]);
    expect(await alerts()).toContain('data_dir_lost');
    expect(await server.end('SIGTERM')).toBe(0);
    await server.start();
    expect((await server.instance('a')).status).toBe('stopped');
    expect((await reloaded()).status).toBe(0);
  });

  it('with a damaged database', async () => {
    await serving();
    // What was stored comes to the file when the server ends.
    await server.end('SIGTERM');
    await server.start();
    const file = await open(path.join(server.dataDirectory, 'llamactl.db'), 'r+');
    const { size } = await file.stat();
    await file.write(Buffer.alloc(size - 4_096, 'x'), 0, size - 4_096, 4_096);
    await file.close();
    const { status, stderr } = await reloaded();
    expect([status, stderr]).toEqual([1, expect.stringContaining('llamactl.db is damaged')]);
    expect((await server.call('GET', '/readyz')).status).toBe(200);
  });

  it('when a link to it was turned, and nothing is written there', async () => {
    server = await ServerProcess.create(PRIVILEGED);
    const [first, second] = [path.join(server.home, 'first'), path.join(server.home, 'second')];
    for (const folder of [first, second]) await mkdir(folder, { mode: 0o700 });
    const turn = async (to: string): Promise<void> => {
      await rm(server.dataDirectory, { force: true });
      await symlink(to, server.dataDirectory);
    };
    await turn(first);
    await server.start();
    await server.call('POST', '/api/instances', paced('a'));
    await turn(second);
    process.kill(server.pid, 'SIGUSR2');
    await vi.waitFor(() => expect(server.errors).toContain('The reload failed; the old server continues to serve'), {
      timeout: 10_000,
    });
    expect(await alerts()).toContain('is no longer the directory');
    expect((await server.instance('a')).status).toBe('stopped');
    expect(await readdir(second)).toEqual([]);
    await turn(first);
    expect((await reloaded()).status).toBe(0);
    expect((await server.instance('a')).status).toBe('stopped');
    expect(await alerts()).not.toContain('"level":"error","code":"data_dir_lost"');
  });
});

it('who serves is written again when it was removed', async () => {
  await serving();
  const before = await server.holder();
  const draft = path.join(server.dataDirectory, 'server.json.new');
  // How long the directory is read-only: the server checks it every few seconds.
  await mkdir(draft);
  await rm(path.join(server.dataDirectory, 'server.json'));
  const { status, stderr } = await reloaded();
  expect([status, stderr]).toEqual([1, expect.stringContaining('its server.json is missing or unreadable')]);
  await rmdir(draft);
  await vi.waitFor(async () => expect(await server.holder()).toEqual(before), { timeout: 20_000 });
});
