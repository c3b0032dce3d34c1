import { execFileSync } from 'node:child_process';
import { closeSync, copyFileSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { AlertsSchema } from '@llamactl/contract/system';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { testModel } from '../scripts/test-assets.ts';
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
  it(
    'stops neither engines nor the API, is told, damages nothing, and is over when there is space',
    { timeout: 90_000 },
    async () => {
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
    },
  );
});

async function lastEntry(): Promise<{ seq: number }> {
  const { body } = await server.call('GET', '/api/instances/a/logs?lines=1');
  const [entry] = body['logs'] as { seq: number }[];
  return entry ?? { seq: 0 };
}
