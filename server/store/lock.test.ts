import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readDescription } from './server-description.ts';
import { acquireLock, enterLock, isLockHeld } from './lock.ts';
import type { Lock } from './lock.ts';

let folder: string;
let directory: string;
let held: Lock[];
let children: ChildProcess[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'llamactl-lock-'));
  directory = join(folder, 'data');
  held = [];
  children = [];
});
afterEach(async () => {
  for (const lock of held) lock.release();
  for (const child of children) await kill(child);
  rmSync(folder, { recursive: true });
});

const identity = { version: '1.2.3', startedAt: '2026-01-01T00:00:00.000Z' };

function acquire(folderOfLock = directory): Lock {
  const lock = acquireLock({ directory: folderOfLock, pid: process.pid, ...identity });
  held.push(lock);
  return lock;
}

const holder = (): unknown => JSON.parse(readFileSync(join(directory, 'server.json'), 'utf8'));

/** Takes the lock, prints whether it got it, and holds it until the process ends. */
const PROGRAM = `
  const [module, directory] = process.argv.slice(1);
  const { acquireLock } = await import(module);
  try {
    const lock = acquireLock({ directory, pid: process.pid, version: '1.2.3', startedAt: '2026-01-01T00:00:00.000Z' });
    lock.describe({ url: 'http://127.0.0.1:8123' });
    process.stdout.write('held');
    process.stdin.resume();
    process.stdin.on('end', () => process.exit(0));
  } catch (error) {
    process.stdout.write(error.message);
  }`;
const nodeArguments = (source: string): string[] => {
  const module = new URL('./lock.ts', import.meta.url).href;
  return ['--expose-gc', '--input-type=module', '-e', source, module, directory];
};

/** Runs a program in its own process; returns its output. */
const outputOf = (source: string): string =>
  spawnSync(process.execPath, nodeArguments(source), { encoding: 'utf8' }).stdout;

/** A second process that tries to take the lock; `said` is `held`, or the reason why not. */
async function rival(): Promise<{ child: ChildProcess; said: string }> {
  const child = spawn(process.execPath, nodeArguments(PROGRAM), { stdio: ['pipe', 'pipe', 'inherit'] });
  children.push(child);
  const [said] = (await once(child.stdout, 'data')) as [Buffer];
  return { child, said: said.toString() };
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

describe('acquireLock', () => {
  it('creates the directory for its owner alone, and describes the holder', () => {
    const lock = acquire();
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    expect(statSync(join(directory, 'server.json')).mode & 0o777).toBe(0o600);
    expect(statSync(join(directory, 'server.lock')).mode & 0o777).toBe(0o600);
    expect(holder()).toEqual({
      pid: process.pid,
      url: null,
      version: '1.2.3',
      started_at: '2026-01-01T00:00:00.000Z',
      reload: null,
    });
    lock.describe({ url: 'http://127.0.0.1:8080' });
    expect(holder()).toMatchObject({ pid: process.pid, url: 'http://127.0.0.1:8080' });
  });

  it('can be taken again after a release, which also removes the description', () => {
    const lock = acquire();
    lock.release();
    lock.release();
    expect(existsSync(join(directory, 'server.json'))).toBe(false);
    acquire();
  });

  it('needs no room on the disk', () => {
    acquire();
    expect(readdirSync(directory).toSorted()).toEqual(['server.entry.lock', 'server.json', 'server.lock']);
    expect(statSync(join(directory, 'server.lock')).size).toBe(0);
  });

  it('holds without a description on a full disk, and writes it when there is room', () => {
    mkdirSync(directory, { mode: 0o700 });
    writeFileSync(join(directory, 'server.json'), '{"pid":1,"url":null,"version":"of before","started_at":""}');
    const fill = (): void => symlinkSync('/dev/full', join(directory, 'server.json.new'));
    const retries: (() => void)[] = [];
    fill();
    const later = (again: () => void): number => retries.push(again);
    const lock = acquireLock({ directory, pid: process.pid, ...identity, later });
    held.push(lock);
    expect(readdirSync(directory).toSorted(), 'the old description would be wrong').toEqual([
      'server.entry.lock',
      'server.lock',
    ]);
    fill();
    expect(lock.describe({ url: 'http://127.0.0.1:8080' })).toBe('the disk of the data directory is full');
    expect(retries).toHaveLength(1);
    retries[0]?.();
    expect(holder()).toMatchObject({ pid: process.pid, url: 'http://127.0.0.1:8080' });
  });

  it('writes into the room of the old description on a full disk', () => {
    const lock = acquire();
    lock.describe({ url: 'http://127.0.0.1:8080/a/long/path' });
    symlinkSync('/dev/full', join(directory, 'server.json.new'));
    expect(lock.describe({ url: 'http://127.0.0.1:8081' })).toBeNull();
    expect(holder()).toMatchObject({ pid: process.pid, url: 'http://127.0.0.1:8081' });
    expect(existsSync(join(directory, 'server.json.new'))).toBe(false);
    lock.release();
  });

  it('keeps the old description on a full disk if the new one needs more room, so that others can name the holder', () => {
    const lock = acquire();
    lock.describe({ url: 'http://127.0.0.1:8080' });
    symlinkSync('/dev/full', join(directory, 'server.json.new'));
    const url = `http://127.0.0.1:8081/${'x'.repeat(4_096)}`;
    expect(lock.describe({ url })).toBe('the disk of the data directory is full');
    expect(holder()).toMatchObject({ pid: process.pid, url: 'http://127.0.0.1:8080' });
    lock.release();
  });

  it('holds although its description cannot be updated, and retries', () => {
    const retries: (() => void)[] = [];
    const later = (again: () => void): number => retries.push(again);
    const lock = acquireLock({ directory, pid: process.pid, ...identity, later });
    held.push(lock);
    mkdirSync(join(directory, 'server.json.new'));
    expect(lock.describe({ url: 'http://127.0.0.1:8080' })).toContain('EISDIR');
    expect(() => acquire(), 'it is held').toThrow('already uses');
    retries.shift()?.();
    expect(retries, 'until it works').toHaveLength(1);
    rmdirSync(join(directory, 'server.json.new'));
    retries.shift()?.();
    expect(holder()).toMatchObject({ pid: process.pid, url: 'http://127.0.0.1:8080' });
  });

  it('is not taken if the first description fails for another reason than a full disk', () => {
    mkdirSync(join(directory, 'server.json.new'), { recursive: true });
    expect(() => acquire()).toThrow('cannot be used (it is a folder');
    rmdirSync(join(directory, 'server.json.new'));
    acquire();
  });

  it('replaces the description of an earlier server with the same pid, as in a container', () => {
    acquire().handOver();
    symlinkSync('/dev/full', join(directory, 'server.json.new'));
    held.push(acquireLock({ directory, pid: process.pid, version: '1.2.3', startedAt: '2026-01-02T00:00:00.000Z' }));
    expect(existsSync(join(directory, 'server.json'))).toBe(false);
  });

  it('reads a description of a newer version with an unknown state of the reload', () => {
    const { pid } = process;
    const reload = { number: 2, state: 'paused', reason: null, from: { pid: 4, version: '1' } };
    mkdirSync(directory);
    writeFileSync(
      join(directory, 'server.json'),
      JSON.stringify({ pid, url: null, version: '9', started_at: '', reload, later: 1 }),
    );
    expect(readDescription(directory)).toMatchObject({ pid, reload: { number: 2, state: 'under_way' } });
  });

  it('fails a second time in the same process, and the first keeps holding', async () => {
    acquire();
    expect(() => acquire()).toThrow(`Another llamactl server (pid ${process.pid}) already uses`);
    expect((await rival()).said).toContain('already uses');
  });

  it('refuses a second process, names the first and says what to do', async () => {
    acquire().describe({ url: 'http://127.0.0.1:8080' });
    expect((await rival()).said).toBe(
      `Another llamactl server (pid ${process.pid}, http://127.0.0.1:8080) already uses the data directory ${directory}. ` +
        'Use that server, stop it first (llamactl down), or choose another directory: data_dir in the configuration or LLAMACTL_DATA_DIR.',
    );
  });

  it('refuses also when the first process is unknown', async () => {
    acquire();
    writeFileSync(join(directory, 'server.json'), '{"pid":');
    expect((await rival()).said).toMatch(/^Another llamactl server already uses the data directory/);
  });

  it('is free as soon as its holder is killed', async () => {
    const { child, said } = await rival();
    expect(said).toBe('held');
    expect(() => acquire()).toThrow(`(pid ${child.pid}, http://127.0.0.1:8123)`);
    await kill(child);
    acquire();
    expect(holder()).toMatchObject({ pid: process.pid, url: null });
  });

  it('is released by a process that exits', async () => {
    const { child } = await rival();
    const exited = once(child, 'exit');
    child.stdin?.end();
    await exited;
    expect(existsSync(join(directory, 'server.json'))).toBe(false);
    acquire();
  });

  it('is not inherited by a program that outlives its holder', () => {
    const pid = Number(
      outputOf(`
        import { spawn } from 'node:child_process';
        const [module, directory] = process.argv.slice(1);
        const { acquireLock } = await import(module);
        acquireLock({ directory, pid: process.pid, version: '', startedAt: '' });
        console.log(spawn('sleep', ['60'], { detached: true, stdio: 'ignore' }).pid);
        process.kill(process.pid, 'SIGKILL');`),
    );
    try {
      acquire();
    } finally {
      process.kill(pid, 'SIGKILL');
    }
  });

  it('survives garbage collection if the caller does not keep it', () => {
    const output = outputOf(`
      const [module, directory] = process.argv.slice(1);
      const { acquireLock } = await import(module);
      const take = () => acquireLock({ directory, pid: process.pid, version: '', startedAt: '' });
      take();
      for (let round = 0; round < 5; round += 1) {
        gc();
        await new Promise((resolve) => setImmediate(resolve));
      }
      try {
        take();
        console.log('lost');
      } catch (error) {
        console.log(error.message);
      }`);
    expect(output).toContain('already uses');
  });

  it('goes to exactly one of several processes that start at the same moment', async () => {
    const rivals = await Promise.all(Array.from({ length: 4 }, rival));
    expect(rivals.filter(({ said }) => said === 'held')).toHaveLength(1);
    expect(rivals.filter(({ said }) => said.includes('already uses'))).toHaveLength(3);
  });

  it.each([
    [
      'the directory is a link that leads nowhere',
      () => symlinkSync('nowhere', directory),
      'it is a link that leads nowhere',
    ],
    [
      'the lock file is something else',
      () => (mkdirSync(directory), writeFileSync(join(directory, 'server.lock'), 'x'.repeat(999))),
      'server.lock in it was not made by llamactl: file is not a database; if no server runs, move it away',
    ],
  ])('explains that %s', (_what, spoil, sentence) => {
    spoil();
    expect(() => acquire()).toThrow(`The data directory ${directory} cannot be used (${sentence})`);
  });

  it('says what to do about a directory that cannot be created or looked at', () => {
    writeFileSync(join(folder, 'data'), '');
    const closed = join(folder, 'x'.repeat(300));
    expect(() => acquire(closed)).toThrow(`The data directory ${closed} cannot be used (name too long). Make`);
    expect(() => acquire()).toThrow(
      /^The data directory .* cannot be used \(.*\)\. Make it writable, or choose another one/,
    );
  });
});

const REMOVED = ['server.lock', 'server.entry.lock', 'server.json'];
const remove = (names: readonly string[]): void => {
  for (const name of names) rmSync(join(directory, name));
};

/** Tries only the lock file, as on a system that does not show which processes have removed files open. */
const TAKE_FILE = `
  import { DatabaseSync } from 'node:sqlite';
  try {
    new DatabaseSync(process.argv[2] + '/server.lock', { timeout: 0 }).exec('begin immediate');
    console.log('free');
  } catch (error) {
    console.log(error.message);
  }
  if (process.argv.includes('stay')) setInterval(() => undefined, 1000);`;

describe('a lock whose files were removed', () => {
  describe.runIf(process.platform === 'linux')('while its holder lives', () => {
    it.each([REMOVED.slice(0, 2), REMOVED, ['server.lock']])('is not free: %s %s %s', async (...names) => {
      const { child } = await rival();
      remove(names.filter((name) => name !== undefined));
      const described = names.includes('server.json') ? '' : ', http://127.0.0.1:8123';
      for (const _each of ['first', 'where the first has made the file again'])
        expect(() => acquire()).toThrow(`(pid ${child.pid}${described}) already uses the data directory ${directory}`);
    });

    it('is not free when its files were renamed', async () => {
      const { child } = await rival();
      renameSync(join(directory, 'server.lock'), join(directory, 'server.lock.stale'));
      expect(() => acquire()).toThrow(`(pid ${child.pid}, `);
    });

    it('is reported as held to other processes', () => {
      acquire();
      remove(REMOVED);
      expect(isLockHeld(directory)).toBe(true);
      held[0]?.release();
      expect(isLockHeld(directory)).toBe(false);
    });

    it('is not reported as free where the directory cannot be searched', () => {
      const loop = join(folder, 'loop');
      symlinkSync(loop, loop);
      expect(() => isLockHeld(loop)).toThrow(`The data directory ${loop} cannot be used (`);
    });

    it('is not free by another path of the directory', () => {
      acquire();
      remove(REMOVED);
      const other = join(folder, 'other');
      symlinkSync(directory, other);
      expect(() => acquireLock({ directory: other, pid: process.pid, ...identity })).toThrow('already uses');
    });

    it('is free when the holder has ended', async () => {
      const { child } = await rival();
      remove(REMOVED);
      await kill(child);
      acquire();
    });
  });

  it('is restored with new files at the next check of its holder, and all end with it', () => {
    const lock = acquire();
    remove(REMOVED);
    expect(outputOf(TAKE_FILE)).toBe('free\n');
    for (const _each of ['once', 'again']) {
      remove(['server.lock'].filter((name) => existsSync(join(directory, name))));
      expect(lock.tend()).toBe('ours');
      expect(outputOf(TAKE_FILE)).toBe('database is locked\n');
    }
    expect(statSync(join(directory, 'server.lock')).mode & 0o777).toBe(0o600);
    lock.release();
    expect(outputOf(TAKE_FILE)).toBe('free\n');
    expect(lock.tend()).toBe('ours');
    expect(existsSync(join(directory, 'server.json')), 'who has it no more writes nothing').toBe(false);
    acquire();
  });

  it('is held by the file that a refused process has created', () => {
    const lock = acquire();
    remove(REMOVED);
    expect(outputOf(TAKE_FILE)).toBe('free\n');
    expect(existsSync(join(directory, 'server.lock'))).toBe(true);
    expect(lock.tend()).toBe('ours');
    expect(outputOf(TAKE_FILE)).toBe('database is locked\n');
  });

  it('may belong to another process by then, whose description stays', async () => {
    const lock = acquire();
    remove(REMOVED);
    const child = spawn(process.execPath, [...nodeArguments(TAKE_FILE), 'stay'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    children.push(child);
    expect(String(await once(child.stdout, 'data'))).toBe('free\n');
    writeFileSync(join(directory, 'server.json'), '{"pid":1,"url":null,"version":"","started_at":""}');
    expect(lock.tend()).toBe('taken');
    expect(holder()).toMatchObject({ pid: 1 });
    lock.release();
    expect(holder()).toMatchObject({ pid: 1 });
    await kill(child);
  });
});

describe('the description of a lock', () => {
  it.each([
    ['removed', () => remove(['server.json'])],
    ['spoilt', () => writeFileSync(join(directory, 'server.json'), '{"pid":')],
    [
      'restored from elsewhere',
      () => writeFileSync(join(directory, 'server.json'), '{"pid":1,"url":null,"version":"","started_at":""}'),
    ],
  ])('is written again if it was %s', (_how, spoil) => {
    const lock = acquire();
    lock.describe({ url: 'http://127.0.0.1:8080' });
    spoil();
    expect(lock.tend()).toBe('ours');
    expect(holder()).toMatchObject({ pid: process.pid, url: 'http://127.0.0.1:8080' });
  });

  it.each([
    ['a link to it was changed', true],
    ['it was moved away', false],
  ])('is not written into another directory at the same path: %s', (_how, isThere) => {
    const lock = acquire();
    renameSync(directory, join(folder, 'moved'));
    if (isThere) mkdirSync(directory);
    expect(lock.tend()).toBe('elsewhere');
    expect(lock.describe({ url: 'http://127.0.0.1:8080' })).toContain('is no longer the directory');
    lock.release();
    expect(existsSync(directory) ? readdirSync(directory) : []).toEqual([]);
    expect(existsSync(directory)).toBe(isThere);
  });
});

describe('a lock that is handed over', () => {
  const options = () => ({ directory, pid: 4242, ...identity });

  it('goes to the process that holds the entry, and to no other', async () => {
    const lock = acquire();
    const entry = enterLock(directory);
    lock.handOver();
    expect(holder()).toMatchObject({ pid: process.pid });
    expect((await rival()).said).toContain(`Another llamactl server (pid ${process.pid}) already uses`);
    held.push(entry.acquire(options()));
    expect(holder()).toMatchObject({ pid: 4242 });
    expect(() => acquire()).toThrow('(pid 4242)');
  });

  it('may go to a process that is described with the same URL', () => {
    const lock = acquire();
    const entry = enterLock(directory);
    lock.handOver();
    held.push(entry.acquire({ ...options(), url: 'http://127.0.0.1:8123' }));
    expect(holder()).toMatchObject({ pid: 4242, url: 'http://127.0.0.1:8123' });
  });

  it('is taken although it cannot be described, since no other server is left', () => {
    const lock = acquire();
    const entry = enterLock(directory);
    lock.handOver();
    mkdirSync(join(directory, 'server.json.new'));
    const reload = { number: 1, state: 'under_way', reason: null, from: { pid: process.pid, version: '1' } } as const;
    held.push(entry.acquire({ ...options(), reload }));
    expect(existsSync(join(directory, 'server.json')), 'the old description would be wrong').toBe(false);
  });

  it('is free for any process when the entry is given up', () => {
    const lock = acquire();
    const entry = enterLock(directory);
    lock.handOver();
    entry.leave();
    acquire();
  });

  it('cannot be taken while it is held', () => {
    acquire();
    const entry = enterLock(directory);
    expect(() => entry.acquire(options())).toThrow('already uses');
    expect(() => enterLock(directory).leave()).not.toThrow();
  });

  it('can be checked from another process without disturbing it', () => {
    const look = `
      const [module, directory] = process.argv.slice(1);
      const { isLockHeld } = await import(module);
      console.log(isLockHeld(directory));`;
    expect(outputOf(look)).toBe('false\n');
    const lock = acquire();
    expect(outputOf(look)).toBe('true\n');
    expect(() => acquire()).toThrow('already uses');
    lock.release();
    expect(outputOf(look)).toBe('false\n');
  });
});
