import { execFileSync } from 'node:child_process';
import { closeSync, copyFileSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { AlertsSchema } from '@llamactl/contract/system';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { testModel } from '../scripts/test-assets.ts';
import { isLong } from '../scripts/test-tier.ts';
import { MAIN } from './program.ts';
import { ServerProcess } from './server-process.ts';

/** A small filesystem of the server's own, in a namespace that ends with its processes. */
const ON_A_SMALL_DISK = (folder: string): string[] => [
  'unshare',
  '--user',
  '--map-root-user',
  '--mount',
  'sh',
  '-c',
  `mkdir -p '${folder}' && mount -t tmpfs -o size=24m none '${folder}' && exec "$@"`,
  'sh',
];

/** In the namespace of a process, where its filesystem is still there. */
const besides = (pid: number): string[] => [
  'nsenter',
  '--target',
  String(pid),
  '--user',
  '--mount',
  '--preserve-credentials',
];

/** Systems may forbid namespaces to ordinary users, and containers to everybody. */
const canMount = (() => {
  try {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'llamactl-mount-'));
    const [command = '', ...argv] = ON_A_SMALL_DISK(folder);
    execFileSync(command, [...argv, 'true'], { stdio: 'ignore' });
    rmSync(folder, { recursive: true });
    return true;
  } catch {
    return false;
  }
})();

let server: ServerProcess;
afterEach(() => server.dispose());

const alerts = async (): Promise<string[]> =>
  AlertsSchema.parse((await server.call('GET', '/api/system/alerts')).body).alerts.map(({ code }) => code);

/** Writes until nothing more fits; returns the file. */
function fill(folder: string): string {
  const file = path.join(folder, 'filler');
  const descriptor = openSync(file, 'w');
  try {
    for (const size of [1 << 20, 4_096, 1]) {
      for (let isFull = false; !isFull;) {
        try {
          isFull = writeSync(descriptor, Buffer.alloc(size)) < size;
        } catch (error) {
          if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
          isFull = true;
        }
      }
    }
  } finally {
    closeSync(descriptor);
  }
  return file;
}

/** What SQLite itself says of a copy of the store. */
function integrity(folder: string): unknown {
  const copy = mkdtempSync(path.join(os.tmpdir(), 'llamactl-store-'));
  for (const name of ['llamactl.db', 'llamactl.db-wal']) {
    copyFileSync(path.join(folder, name), path.join(copy, name));
  }
  const database = new DatabaseSync(path.join(copy, 'llamactl.db'));
  try {
    return database.prepare('pragma integrity_check').get();
  } finally {
    database.close();
    rmSync(copy, { recursive: true });
  }
}

describe.runIf(canMount)('a full disk', () => {
  it('stops neither engines nor the API, is reported, damages nothing, and clears when space is free', async () => {
    server = await ServerProcess.create('', ON_A_SMALL_DISK);
    await server.start();
    await server.call('POST', '/api/instances', {
      name: 'a',
      model_path: await testModel(),
      options: { threads: 1 },
    });
    await server.call('POST', '/api/instances/a/start?wait=true');
    const before = await server.instance('a');
    const disk = server.visibleDataDirectory;
    const filler = fill(disk);

    await vi.waitFor(async () => expect(await alerts()).toContain('disk_space_low'), { timeout: 20_000 });
    // What SQLite has room for in the space it holds already is stored; then it cannot, and says so.
    let stored: number | undefined;
    for (let seed = 1; seed <= 2_000; seed += 1) {
      const { status, body } = await server.call('PUT', '/api/instances/a', { options: { seed } });
      if (status === 200) stored = seed;
      else {
        expect([status, body['code']]).toEqual([500, 'INTERNAL_ERROR']);
        expect(body['error']).toMatch(/^This could not be stored: the disk of data_dir is full/);
        break;
      }
    }
    expect(await alerts()).toContain('store_failed');
    expect((await server.instance('a')).options['seed']).toBe(stored);

    const chat = { model: 'a', messages: [{ role: 'user', content: 'Hello' }] };
    expect((await server.call('POST', '/v1/chat/completions', chat)).status).toBe(200);
    expect((await server.call('GET', '/api/instances/a/logs')).status).toBe(200);
    expect(await server.instance('a')).toMatchObject({ status: 'running', pid: before.pid });

    rmSync(filler);
    await vi.waitFor(async () =>
      expect((await server.call('PUT', '/api/instances/a', { options: { seed: 5 } })).status).toBe(200),
    );
    await vi.waitFor(async () => expect(await alerts()).toEqual([]), { timeout: 20_000 });
    const { seq } = await lastEntry();
    await server.call('POST', '/v1/chat/completions', chat);
    await vi.waitFor(async () => expect((await lastEntry()).seq, 'its log goes on').toBeGreaterThan(seq));
    expect(await server.instance('a')).toMatchObject({ status: 'running', pid: before.pid });
    expect(integrity(disk)).toEqual({ integrity_check: 'ok' });
  });

  it.runIf(isLong).each(['SIGKILL', 'SIGTERM'] as const)(
    'does not keep a server from starting after one that ended by %s: it adopts, answers and tells, and stores when it can',
    async (end) => {
      let pid: number | null = null;
      server = await ServerProcess.create('', (folder) => (pid === null ? ON_A_SMALL_DISK(folder) : besides(pid)));
      await server.start();
      for (const name of ['a', 'b']) {
        const body = { name, model_path: await testModel(), options: { threads: 1 } };
        await server.call('POST', '/api/instances', body);
      }
      await server.call('POST', '/api/instances/a/start?wait=true');
      ({ pid } = await server.instance('a'));
      expect(await server.end(end)).toBe(end === 'SIGTERM' ? 0 : null);
      const filler = fill(`/proc/${pid}/root${server.dataDirectory}`);

      await server.start();
      const disk = server.visibleDataDirectory;
      expect(await server.instance('a')).toMatchObject({ status: 'running', pid });
      expect(await alerts()).toEqual(expect.arrayContaining(['disk_space_low', 'store_failed']));
      const chat = { model: 'a', messages: [{ role: 'user', content: 'Hello' }] };
      expect((await server.call('POST', '/v1/chat/completions', chat)).status).toBe(200);
      const { status, body } = await server.call('PUT', '/api/instances/a', { aliases: ['x'.repeat(200)] });
      expect([status, body['code']]).toEqual([500, 'INTERNAL_ERROR']);
      expect(body['error']).toMatch(/^This could not be stored: the disk of data_dir is full/);
      expect(existsSync(path.join(disk, 'server.json')), 'that of the server before would be wrong').toBe(false);
      expect((await server.call('POST', '/api/instances/b/start')).body['code']).toBe('INTERNAL_ERROR');
      await vi.waitFor(async () => {
        const { status: now, reason } = await server.instance('b');
        expect([now, reason]).toEqual(['failed', expect.stringContaining('no space left on device')]);
      }, 5_000);
      expect((await server.call('POST', '/api/instances/a/stop')).body['code']).toBe('INTERNAL_ERROR');
      await vi.waitFor(async () => expect((await server.instance('a')).status).toBe('stopped'), 5_000);

      rmSync(path.join(disk, path.basename(filler)));
      await vi.waitFor(async () => expect(await alerts()).not.toContain('store_failed'), { timeout: 5_000 });
      expect((await server.call('PUT', '/api/instances/a', { aliases: ['new'] })).status).toBe(200);
      await vi.waitFor(() => expect(readFileSync(path.join(disk, 'server.json'), 'utf8')).toContain(server.url), 5_000);
      const copy = path.join(server.home, 'copy.db');
      const backup = [process.execPath, MAIN, 'backup', '--data-dir', server.dataDirectory, copy];
      const [command = '', ...argv] = [...besides(server.pid), ...backup];
      execFileSync(command, argv, { env: { PATH: process.env['PATH'], HOME: server.home }, stdio: 'pipe' });
      const database = new DatabaseSync(copy, { readOnly: true });
      const stored = database.prepare(`select state ->> 'status' as status from instances where name = 'a'`).get();
      database.close();
      expect(stored).toEqual({ status: 'stopped' });
    },
  );

  it.runIf(isLong)(
    'lets no other server take over: the reload fails before, and the one that serves goes on',
    async () => {
      server = await ServerProcess.create('', ON_A_SMALL_DISK);
      await server.start();
      const disk = server.visibleDataDirectory;
      const filler = fill(disk);
      process.kill(server.pid, 'SIGUSR2');
      const note = (): string => readFileSync(path.join(disk, 'server.json'), 'utf8');
      await vi.waitFor(() => expect(note()).toContain('"failed"'), 20_000);
      expect(JSON.parse(note())).toMatchObject({
        pid: server.pid,
        reload: { reason: expect.stringMatching(/is full; make room/) as string },
      });
      expect((await server.call('GET', '/readyz')).status).toBe(200);
      rmSync(filler);
      process.kill(server.pid, 'SIGUSR2');
      await vi.waitFor(() => expect(note()).toContain('"done"'), 20_000);
      expect(await server.end('SIGTERM')).toBe(0);
    },
  );
});

async function lastEntry(): Promise<{ seq: number }> {
  const { body } = await server.call('GET', '/api/instances/a/logs?lines=1');
  const [entry] = body['logs'] as { seq: number }[];
  return entry ?? { seq: 0 };
}
