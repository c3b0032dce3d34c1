import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../clock.ts';
import { storedKey, storedSigningKey, storedUser } from '../testing/contracts/accounts.contract.ts';
import { auditEntry } from '../testing/contracts/audit.contract.ts';
import { storedInstance } from '../testing/contracts/store.contract.ts';
import { backupMark } from './backup-mark.ts';
import { makeBackup, type BackupRequest } from './backup.ts';
import { newestSchema } from './migrations.ts';
import { openStore, type SqliteStore } from './sqlite.ts';

const NOW = Date.parse('2026-03-01T12:00:00Z');
let folder: string;
let directory: string;
let file: string;
let store: SqliteStore;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'llamactl-backup-'));
  directory = join(folder, 'data');
  file = join(folder, 'backup.db');
  store = openStore({ file: join(directory, 'llamactl.db'), clock: systemClock() });
  await store.save(storedInstance('a'));
  await store.accounts.saveUser(storedUser('u'));
  await store.accounts.saveKey(storedKey('k', 'u'));
  await store.accounts.saveSigningKey(storedSigningKey('s'));
  await store.audit.append(auditEntry('r'));
});
afterEach(async () => {
  await store.close();
  rmSync(folder, { recursive: true });
});

const request = (changes: Partial<BackupRequest> = {}): BackupRequest => ({
  directory,
  file,
  mayReplace: false,
  now: NOW,
  version: '1.2.3',
  configuration: { file: '/etc/llamactl.yaml', text: '# mine\nserver: { port: 9000 }\n' },
  ...changes,
});

function read<Value>(act: (database: DatabaseSync) => Value): Value {
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    return act(database);
  } finally {
    database.close();
  }
}

const one = (sql: string): unknown => read((database) => Object.values(database.prepare(sql).get() ?? {})[0]);

describe('a backup', () => {
  it('is one undamaged file for its owner alone, and names its data directory', () => {
    const made = makeBackup(request());
    expect(made).toMatchObject({
      madeAt: '2026-03-01T12:00:00.000Z',
      schema: newestSchema(),
      bytes: statSync(file).size,
    });
    expect(Object.fromEntries(made.rows)).toMatchObject({ instances: 1, users: 1, keys: 1, audit: 1 });
    expect(readdirSync(folder).toSorted()).toEqual(['backup.db', 'data']);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(one('pragma integrity_check')).toBe('ok');
    expect(one('pragma journal_mode')).toBe('delete');
    expect(one('select name from instances')).toBe('name-of-a');
    expect(read(backupMark)).toEqual({
      made_at: '2026-03-01T12:00:00.000Z',
      version: '1.2.3',
      directory,
      configuration: { file: '/etc/llamactl.yaml', text: '# mine\nserver: { port: 9000 }\n' },
    });
  });

  it('holds no signing keys, not even in free pages', () => {
    makeBackup(request());
    expect(one('select count(*) from signing_keys')).toBe(0);
    expect(readFileSync(file).includes('secret-of-s')).toBe(false);
    expect(readFileSync(join(directory, 'llamactl.db-wal')).includes('secret-of-s')).toBe(true);
  });

  it('does not block writers, and contains only rows stored before it', async () => {
    const saves = Array.from({ length: 300 }, (_, index) => store.save(storedInstance(`before-${index}`)));
    await Promise.all(saves);
    const late = store.save(storedInstance('late'));
    makeBackup(request());
    await late;
    expect(one('select count(*) from instances')).toBe(301);
    expect(await store.load()).toHaveLength(302);
  });

  it('contains rows that a killed server left in the write-ahead log', () => {
    const killed = join(folder, 'killed');
    mkdirSync(killed);
    for (const suffix of ['', '-wal']) {
      copyFileSync(join(directory, `llamactl.db${suffix}`), join(killed, `llamactl.db${suffix}`));
    }
    makeBackup(request({ directory: killed }));
    expect(one('select count(*) from instances')).toBe(1);
    expect(statSync(join(killed, 'llamactl.db-wal')).size).toBeGreaterThan(0);
  });

  it('keeps the schema version of an older database', () => {
    const old = join(folder, 'old');
    mkdirSync(old);
    copyFileSync(join(import.meta.dirname, 'fixtures', 'schema-1.db'), join(old, 'llamactl.db'));
    expect(makeBackup(request({ directory: old })).schema).toBe(1);
    expect(one('select count(*) from instances')).toBe(10);
  });
});

describe('a backup that fails leaves no file', () => {
  const files = (): string[] => readdirSync(folder).toSorted();

  it('over an existing file, unless replacing is requested', () => {
    writeFileSync(file, 'mine');
    expect(() => makeBackup(request())).toThrow(`${file} exists already; --force replaces it`);
    expect(readFileSync(file, 'utf8')).toBe('mine');
    chmodSync(file, 0o644);
    makeBackup(request({ mayReplace: true }));
    expect(one('select count(*) from instances')).toBe(1);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(files()).toEqual(['backup.db', 'data']);
  });

  it.each(['llamactl.db', 'llamactl.db-wal', 'llamactl.db.counters', 'server.lock', 'server.json'])(
    'over the server file %s',
    (name) => {
      const own = join(directory, name);
      expect(() => makeBackup(request({ file: own, mayReplace: true }))).toThrow('is a file of the server itself');
    },
  );

  it('of a directory without a database, and creates none', () => {
    const empty = join(folder, 'empty');
    mkdirSync(empty);
    expect(() => makeBackup(request({ directory: empty }))).toThrow(`there is no ${join(empty, 'llamactl.db')}`);
    expect(readdirSync(empty)).toEqual([]);
  });

  it('into a folder that does not exist', () => {
    expect(() => makeBackup(request({ file: join(folder, 'x', 'b.db') }))).toThrow(
      `there is no folder ${join(folder, 'x')}`,
    );
  });

  it('of a damaged database', async () => {
    await store.close();
    const database = join(directory, 'llamactl.db');
    const bytes = readFileSync(database);
    bytes.fill(7, 4_096);
    writeFileSync(database, bytes);
    expect(() => makeBackup(request())).toThrow(`${database} cannot be backed up: it is damaged or not a database`);
    expect(files()).toEqual(['data']);
  });

  it('of a database of a newer llamactl', async () => {
    await store.close();
    const database = new DatabaseSync(join(directory, 'llamactl.db'));
    database.exec('pragma user_version = 99');
    database.close();
    expect(() => makeBackup(request())).toThrow(
      `has schema version 99, this llamactl knows versions up to ${newestSchema()}`,
    );
    expect(files()).toEqual(['data']);
  });
});
