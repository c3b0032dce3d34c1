import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { testModel } from '../scripts/test-assets.ts';
import { isLong } from '../scripts/test-tier.ts';
import { runCommand, type CommandResult } from './command-line.ts';
import { LiveEvents } from './live-events.ts';
import { MAIN } from './program.ts';
import { ServerProcess } from './server-process.ts';

/** The stored state of the real program is backed up, put back, put back by hand, damaged and brought up to date. */

let server: ServerProcess;
let database: string;
let backup: string;

async function begin(configuration = ''): Promise<void> {
  server = await ServerProcess.create(configuration);
  database = path.join(server.dataDirectory, 'llamactl.db');
  backup = path.join(server.home, 'backup.db');
}

afterEach(() => server.dispose());

/** `llamactl backup …` or `restore …` for the data directory of the server. */
function llamactl(...words: string[]): Promise<CommandResult> {
  const [verb = '', ...rest] = words;
  const flags = ['--config', path.join(server.home, 'llamactl.yaml'), '--data-dir', server.dataDirectory, '--json'];
  return runCommand([verb, ...flags, ...rest], { HOME: server.home });
}

async function done(...words: string[]): Promise<Record<string, unknown>> {
  const { status, stdout, stderr } = await llamactl(...words);
  expect(status, stderr).toBe(0);
  return JSON.parse(stdout) as Record<string, unknown>;
}

async function create(name: string): Promise<void> {
  const body = { name, model_path: await testModel(), options: { threads: 1 } };
  expect((await server.call('POST', '/api/instances', body)).status).toBe(201);
}

async function run(name: string, how: 'start' | 'restart' = 'start'): Promise<number | null> {
  expect((await server.call('POST', `/api/instances/${name}/${how}?wait=true`)).status).toBe(200);
  return (await server.instance(name)).pid;
}

const engines = async (): Promise<number[]> =>
  (await server.processes()).filter(({ isWrapper }) => !isWrapper).map(({ pid }) => pid);

/** Each running instance has one process, and there is no other. */
async function settles(names: readonly string[]): Promise<number[]> {
  return vi.waitFor(
    async () => {
      const pids = await Promise.all(
        names.map(async (name) => {
          const { status, pid } = await server.instance(name);
          expect(status).toBe('running');
          return pid ?? 0;
        }),
      );
      expect(new Set(await engines())).toEqual(new Set(pids));
      expect(await engines()).toHaveLength(pids.length);
      return pids;
    },
    { timeout: 60_000, interval: 50 },
  );
}

const logSeqs = async (name: string): Promise<number[]> => {
  const { body } = await server.call('GET', `/api/instances/${name}/logs?lines=10000`);
  return (body['logs'] as { seq: number }[]).map(({ seq }) => seq);
};

describe('with engines that run', () => {
  let known: number | null;
  let events: LiveEvents;

  /** One engine goes on, one has another run since, one instance is new, and one is gone. */
  async function changesSince(copy: () => Promise<unknown>): Promise<void> {
    await begin();
    await server.start();
    events = new LiveEvents(server.url);
    await events.connect();
    for (const name of ['goes-on', 'restarted', 'removed']) await create(name);
    known = await run('goes-on');
    await run('restarted');
    await copy();
    await run('restarted', 'restart');
    await run('restarted', 'restart');
    await create('new');
    await run('new');
    await server.call('DELETE', '/api/instances/removed');
    await vi.waitFor(() => expect(events.frames.map(({ type }) => type)).toContain('instance_deleted'));
    events.disconnect();
  }

  /** Runs that the older database does not know are ended and reported; nothing is doubled, lost or numbered twice. */
  async function isRight(): Promise<void> {
    const last = events.lastSeq;
    const [kept] = await settles(['goes-on', 'restarted']);
    expect(kept).toBe(known);
    const names = (await server.call('GET', '/api/instances')).body['instances'] as { name: string }[];
    expect(names.map(({ name }) => name)).toEqual(['goes-on', 'restarted', 'removed']);
    await events.connect();
    await vi.waitFor(() => {
      const replayed = events.frames.filter(({ seq }) => seq > last);
      expect(replayed[0]?.type).toBe('gap');
      const strays = replayed.filter(({ data }) => 'code' in data && data.code === 'stray_process');
      expect(strays.map(({ data }) => ('message' in data ? data.message : ''))).toEqual(
        expect.arrayContaining([
          expect.stringContaining('belongs to an instance that does not exist'),
          expect.stringContaining('was alive although no run of its instance should be'),
        ]),
      );
    });
    events.disconnect();
    const seqs = await logSeqs('restarted');
    expect(seqs).toEqual(seqs.toSorted((one, other) => one - other));
    await run('restarted', 'restart');
    expect((await logSeqs('restarted')).at(-1)).toBeGreaterThan(seqs.at(-1) ?? Infinity);
    const chat = { model: 'restarted', messages: [{ role: 'user', content: 'Hello' }] };
    expect((await server.call('POST', '/v1/chat/completions', chat)).status).toBe(200);
  }

  it('a backup is made while the server runs, and put back when it does not', async () => {
    await changesSince(async () => expect(await done('backup', backup)).toMatchObject({ file: backup, instances: 3 }));
    const refused = await llamactl('restore', backup);
    expect(refused.status).toBe(1);
    expect(refused.stderr).toContain(`Another llamactl server (pid ${server.pid}, ${server.url}) already uses`);

    await server.end('SIGTERM');
    const expected = {
      instances: { come_back: ['removed'], go: ['new'], change: [], stay: ['goes-on', 'restarted'] },
      accounts: 'kept',
    };
    const looked = await done('restore', '--dry-run', backup);
    expect(looked).toMatchObject({ ...expected, dry_run: true, kept: null });
    const fates = looked['engines'] as { instance: string | null; fate: string; pids: number[] }[];
    expect(fates.map(({ instance, fate }) => `${instance}: ${fate}`).toSorted()).toEqual([
      'goes-on: goes on',
      'null: ends',
      'restarted: ends',
    ]);
    expect(await engines()).toHaveLength(3);
    expect(await done('restore', backup)).toMatchObject({ ...expected, dry_run: false });
    expect(await engines()).toHaveLength(3);
    await server.start();
    await isRight();
  });

  it.runIf(isLong)('an older database in the place of a newer one is taken for what it is', async () => {
    const copy = path.join(os.tmpdir(), `llamactl-copy-${process.pid}.db`);
    await changesSince(async () => {
      await server.end('SIGTERM');
      copyFileSync(database, copy);
      await server.start();
      events.disconnect();
      await events.connect();
    });
    await server.end('SIGKILL');
    for (const suffix of ['-wal', '-shm']) rmSync(database + suffix);
    copyFileSync(copy, database);
    rmSync(copy);
    await server.start();
    await isRight();
    expect(server.errors).toContain('was restored from an older copy, by hand');
  });

  it.runIf(isLong)(
    'a damaged database stops the server, not the engines, and either way out takes them up',
    async () => {
      await begin();
      await server.start();
      await create('a');
      const pid = await run('a');
      await done('backup', backup);
      await server.end('SIGTERM');
      const size = statSync(database).size;
      for (const wayOut of [
        ['restore', backup],
        ['restore', '--salvage'],
      ]) {
        truncateSync(database, size - 4_096 * 2);
        await expect(server.start()).rejects.toThrow(
          /llamactl\.db is damaged or not a database .* llamactl restore <backup> restores/,
        );
        expect(await engines()).toEqual([pid]);
        expect(await done(...wayOut)).toMatchObject({ engines: [{ instance: 'a', fate: 'goes on' }] });
        await server.start();
        expect(await settles(['a'])).toEqual([pid]);
        await server.end('SIGTERM');
      }
      rmSync(database);
      await expect(server.start()).rejects.toThrow('holds files of instances: the database was lost');
      expect(await engines()).toEqual([pid]);
    },
  );
});

describe('log-ins', () => {
  async function as(token: string | null, method: string, url: string, body?: unknown) {
    const headers = {
      ...(token && { authorization: `Bearer ${token}` }),
      ...(body ? { 'content-type': 'application/json' } : {}),
    };
    const response = await fetch(server.url + url, {
      method,
      headers,
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  }

  async function logIn(): Promise<string> {
    const password = readFileSync(path.join(server.dataDirectory, 'admin-password'), 'utf8').trim();
    return String((await as(null, 'POST', '/api/auth/login', { username: 'admin', password })).body['token']);
  }

  const isLetIn = async (token: string): Promise<boolean> => (await as(token, 'GET', '/api/instances')).status === 200;

  let kept: string;
  let ended: string;
  let revoked: string;

  beforeEach(async () => {
    await begin('auth: { enabled: true }');
    await server.start();
    [kept, ended] = [await logIn(), await logIn()];
    const key = await as(kept, 'POST', '/api/keys', { name: 'old', scopes: ['viewer'] });
    revoked = String(key.body['key']);
    expect(await isLetIn(revoked)).toBe(true);
    await done('backup', backup);
    expect((await as(ended, 'POST', '/api/auth/logout')).status).toBe(200);
    expect((await as(kept, 'DELETE', `/api/keys/${(key.body['info'] as { id: string }).id}`)).status).toBe(200);
    await server.end('SIGTERM');
  });

  it('that ended do not come back with a backup, nor keys; the others go on', async () => {
    await done('restore', backup);
    await server.start();
    expect(await Promise.all([kept, ended, revoked].map(isLetIn))).toEqual([true, false, false]);
  });

  it.runIf(isLong)('all end when accounts are put back, or the file is put there by hand', async () => {
    expect((await done('restore', '--accounts', backup))['revived']).toEqual({ accounts: [], keys: ['old'] });
    await server.start();
    expect(await Promise.all([kept, ended, revoked].map(isLetIn))).toEqual([false, false, true]);
    const later = await logIn();
    expect(await isLetIn(later)).toBe(true);
    await server.end('SIGTERM');
    copyFileSync(backup, database);
    await server.start();
    expect(await Promise.all([kept, ended, later].map(isLetIn))).toEqual([false, false, false]);
  });
});

it('a name with a slash at its end is a folder, which has to exist', async () => {
  await begin();
  await server.start();
  const missing = path.join(server.home, 'missing');
  const { status, stderr } = await llamactl('backup', `${missing}/`);
  expect([status, stderr]).toEqual([1, expect.stringContaining(missing)]);
  expect(existsSync(missing)).toBe(false);
  const { file } = await done('backup', `${server.home}/`);
  expect(path.dirname(String(file))).toBe(server.home);
});

it('a database of the first schema version is taken up', async () => {
  await begin();
  mkdirSync(server.dataDirectory, { mode: 0o700 });
  copyFileSync(path.join(import.meta.dirname, '..', 'server', 'store', 'fixtures', 'schema-1.db'), database);
  await server.start();
  expect((await server.call('GET', '/api/instances')).body['instances']).toHaveLength(10);
});

/** In a namespace of its own, with a small filesystem on a folder. */
const onASmallDisk = (folder: string, words: readonly string[]): string[] => [
  'unshare',
  '--user',
  '--map-root-user',
  '--mount',
  'sh',
  '-c',
  `mount -t tmpfs -o size=64k none '${folder}' && exec "$@"`,
  'sh',
  ...words,
];

/** Systems may forbid namespaces to ordinary users, and containers to everybody. */
const canMount = (() => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'llamactl-mount-'));
  try {
    const [command = '', ...argv] = onASmallDisk(folder, ['true']);
    execFileSync(command, argv, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  } finally {
    rmSync(folder, { recursive: true });
  }
})();

it.runIf(canMount)('a disk that is too small for the backup is reported, and nothing is left on it', async () => {
  await begin();
  await server.start();
  await create('a');
  const folder = path.join(server.home, 'small');
  mkdirSync(folder);
  const words = [
    process.execPath,
    '--disable-warning=ExperimentalWarning',
    MAIN,
    'backup',
    '--data-dir',
    server.dataDirectory,
  ];
  const shell = ['sh', '-c', '"$@" 2>&1; echo "status $?"; ls -A "$0"', folder, ...words, path.join(folder, 'b.db')];
  const [command = '', ...argv] = onASmallDisk(folder, shell);
  const said = execFileSync(command, argv, { env: { HOME: server.home }, encoding: 'utf8' });
  expect(said).toBe(`llamactl: ${folder}/b.db cannot be written: the disk is full; nothing was left there\nstatus 1\n`);
  expect((await server.call('GET', '/api/instances/a')).status).toBe(200);
});
