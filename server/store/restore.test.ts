import {
  chmodSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createEventBus } from '../events/bus.ts';
import { keptEvent } from '../testing/contracts/replay.contract.ts';
import { storedInstance } from '../testing/contracts/store.contract.ts';
import { RestoreBench } from '../testing/restore-bench.ts';
import { tablesOf } from './backup.ts';
import { newestSchema } from './migrations.ts';
import { ACCESS, PUT_BACK, sweepDrafts } from './restore.ts';
import { openStore, type SqliteStore } from './sqlite.ts';

const VERSIONS = Array.from({ length: newestSchema() }, (_, index) => index + 1);
const { NOW } = RestoreBench;
let bench: RestoreBench;

beforeEach(() => {
  bench = new RestoreBench();
});
afterEach(() => bench.dispose());

const trail = async (store: SqliteStore): Promise<[string, string | null][]> =>
  (await store.audit.read({ limit: 10, beforeSeq: null, subject: null, actions: null, target: null })).map(
    ({ requestId, action, target }) => [
      action === 'restore' ? action : requestId,
      action === 'restore' ? target : null,
    ],
  );

describe('a restore over an undamaged database', () => {
  beforeEach(() => bench.backUpThenChange());

  it('restores instances and nothing else, so removed accounts stay removed', async () => {
    const { dataDirId } = await bench.serve(async (store) => store);
    const { kept, lost, bringsAccounts, before, after } = bench.restore();
    expect([lost, bringsAccounts]).toEqual([null, false]);
    expect([before, after].map((list) => list?.map(({ record }) => record.id))).toEqual([
      ['stays', 'changed', 'new'],
      ['stays', 'changed', 'removed'],
    ]);
    await bench.serve(async (store, said) => {
      expect(await store.load()).toEqual(['stays', 'changed', 'removed'].map((id) => storedInstance(id)));
      expect(store.dataDirId).toBe(dataDirId);
      const { users, keys, signingKeys, revoked } = await store.accounts.load();
      expect(users.map(({ id, passwordHash }) => [id, passwordHash === 'another'])).toEqual([
        ['ann', false],
        ['bob', true],
      ]);
      expect(keys.map(({ id }) => id)).toEqual(['good']);
      expect(signingKeys.map(({ id }) => id)).toEqual(['s1']);
      expect(revoked.map(({ id }) => id)).toEqual(['session']);
      const what = `${bench.file}, a backup of 2026-03-01T12:00:00.000Z`;
      expect(await trail(store)).toEqual([
        ['restore', what],
        ['after', null],
        ['before', null],
      ]);
      expect(said[0]).toBe(
        `${bench.database} was restored from ${what}. Accounts, keys and log-ins were kept. Engines that it does not know are ended.`,
      );
    });
    expect(kept).toBe(`${bench.database}.before-restore-20260301T120000000Z`);
  });

  it('restores accounts on request, names those that come back, and ends all log-ins', async () => {
    const { revived } = bench.restore({ withAccounts: true });
    expect(revived).toEqual({ accounts: ['name-of-bob', 'name-of-eve'], keys: ['leaked'] });
    await bench.serve(async (store, said) => {
      const { users, keys, signingKeys, revoked } = await store.accounts.load();
      expect(users.map(({ id }) => id)).toEqual(['ann', 'bob', 'eve']);
      expect(keys.map(({ id }) => id)).toEqual(['good', 'leaked']);
      expect(signingKeys).toEqual([]);
      expect(revoked.map(({ id }) => id)).toEqual(['session']);
      expect(said[0]).toContain('Everyone has to log in again');
    });
  });

  it('gives events greater numbers, so that listeners see a gap', async () => {
    const { seq } = keptEvent(2);
    bench.restore();
    await bench.serve(async (store) => {
      const stored = await store.replay.load();
      expect(stored).toHaveLength(2);
      const bus = createEventBus({ clock: bench.clock, replay: store.replay, stored, onError: () => undefined });
      expect(bus.replaySince(seq).gap).toEqual({ from: seq + 1, to: (stored[0]?.seq ?? 0) - 1 });
      bus.emit(keptEvent(3).event);
      expect(bus.lastSeq).toBeGreaterThan(stored[1]?.seq ?? Infinity);
    });
  });

  it('reuses no number of an event that was sent but not stored, even if the clock was set back', async () => {
    const taken = await bench.serve(async (store) => store.replay.takeNumbers((bench.clock.now() + 60_000) * 1_000));
    bench.restore();
    await bench.serve(async (store) => {
      const [oldest] = await store.replay.load();
      expect(oldest?.seq).toBeGreaterThan(taken.end);
    });
  });

  it('is completed by the first server only', async () => {
    bench.restore();
    await bench.serve(async () => undefined);
    const events = await bench.serve(async (store) => store.replay.load());
    await bench.serve(async (store, said) => {
      expect(said).toEqual([]);
      expect(await store.replay.load()).toEqual(events);
      expect((await trail(store)).filter(([action]) => action === 'restore')).toHaveLength(1);
    });
  });

  it('can be undone with the database that it kept', async () => {
    const { kept } = bench.restore();
    bench.restore({ file: kept ?? '', now: NOW + 1 });
    expect(await bench.instances()).toEqual(['stays', 'changed', 'new']);
    expect(statSync(kept ?? '').mode & 0o777).toBe(0o600);
  });

  it('keeps rows that a killed server had only in its write-ahead log', async () => {
    const killed = openStore({ file: bench.database, clock: bench.clock });
    await killed.save(storedInstance('newest'));
    const crashed = join(bench.folder, 'crashed');
    mkdirSync(crashed);
    for (const suffix of ['', '-wal']) copyFileSync(bench.database + suffix, join(crashed, `llamactl.db${suffix}`));
    await killed.close();
    bench.move(crashed);
    const { kept, before } = bench.restore();
    expect(before?.map(({ record }) => record.id)).toContain('newest');
    const old = new DatabaseSync(kept ?? '');
    expect(old.prepare(`select count(*) as count from instances where id = 'newest'`).get()).toEqual({ count: 1 });
    old.close();
    expect(readdirSync(crashed).filter((name) => name.includes('-wal'))).toEqual([]);
  });

  it('changes nothing before it is applied', () => {
    const files = readdirSync(bench.directory);
    const before = readFileSync(bench.database);
    bench.prepare().discard();
    expect(readFileSync(bench.database).equals(before)).toBe(true);
    expect(readdirSync(bench.directory).filter((name) => !/-(?:wal|shm)$/.test(name))).toEqual(files);
  });

  it('reuses no run number, so that the log stays in order', async () => {
    bench.restore();
    for (const run of ['3-a', '12-b', 'other'])
      mkdirSync(join(bench.directory, 'instances', 'stays', 'runs', run), { recursive: true });
    await bench.serve(async (store) => expect((await store.load()).map(({ state }) => state.runs)).toEqual([12, 1, 1]));
  });
});

describe('log-ins end at the start of the next server', () => {
  beforeEach(() => bench.backUpThenChange());

  it.each([
    ['a restore with accounts', () => bench.restore({ withAccounts: true })],
    ['a backup put there by hand', () => copyFileSync(bench.file, bench.database)],
  ])('after %s, also when another restore came in between', async (_what, first) => {
    first();
    bench.restore({ now: NOW + 1 });
    await bench.serve(async (store, said) => {
      expect((await store.accounts.load()).signingKeys).toEqual([]);
      expect(said[0]).toContain('Everyone has to log in again');
    });
  });
});

describe('a restore over a database that cannot be kept', () => {
  beforeEach(() => bench.backUpThenChange());

  it.each([
    ['is gone', () => rmSync(bench.database), /^there is no /],
    ['is empty', () => truncateSync(bench.database, 0), /^it is empty/],
    ['is cut off', () => truncateSync(bench.database, 10_000), /^it is damaged/],
    ['is none', () => writeFileSync(bench.database, 'x'.repeat(9_000)), /file is not a database/],
    [
      'is of a newer llamactl',
      () => {
        const newer = new DatabaseSync(bench.database);
        newer.exec('pragma user_version = 99');
        newer.close();
      },
      /has schema version 99/,
    ],
  ])('restores everything but log-ins if the database %s', async (_why, spoil, reason) => {
    const { dataDirId } = await bench.serve(async (store) => store);
    spoil();
    const spoilt =
      statSync(bench.database, { throwIfNoEntry: false }) === undefined ? null : readFileSync(bench.database);
    const { lost, before, bringsAccounts, kept } = bench.restore();
    expect(lost).toMatch(reason);
    expect([before, bringsAccounts]).toEqual([null, true]);
    await bench.serve(async (store) => {
      expect((await store.load()).map(({ record }) => record.id)).toEqual(['stays', 'changed', 'removed']);
      expect(store.dataDirId).toBe(dataDirId);
      const { users, signingKeys } = await store.accounts.load();
      expect([users.length, signingKeys.length]).toEqual([3, 0]);
    });
    if (spoilt === null) expect(kept).toBe(null);
    else expect(readFileSync(kept ?? '').equals(spoilt)).toBe(true);
  });

  it('moves a write-ahead log away that would damage the restored database', async () => {
    const open = openStore({ file: bench.database, clock: bench.clock });
    await open.save(storedInstance('x'));
    const log = readFileSync(`${bench.database}-wal`);
    await open.close();
    writeFileSync(bench.database, 'x'.repeat(9_000));
    writeFileSync(`${bench.database}-wal`, log);
    const { kept } = bench.restore();
    expect(readFileSync(`${kept}-wal`).equals(log)).toBe(true);
    expect(await bench.instances()).toEqual(['stays', 'changed', 'removed']);
  });

  it('gives another data directory a new identifier, since its engines are others', async () => {
    const { dataDirId } = await bench.serve(async (store) => store);
    bench.move(join(bench.folder, 'other'));
    expect(bench.restore().dataDirId).toBe(null);
    await bench.serve(async (store) => {
      expect(store.dataDirId).not.toBe(dataDirId);
      expect((await store.load()).map(({ record }) => record.id)).toEqual(['stays', 'changed', 'removed']);
    });
  });
});

describe('a restore is refused, and changes nothing,', () => {
  beforeEach(() => bench.backUpThenChange());

  it.each([
    ['is not there', () => rmSync(bench.file), 'there is no file'],
    [
      'is a folder',
      () => {
        rmSync(bench.file);
        mkdirSync(bench.file);
      },
      'there is no file',
    ],
    ['is empty', () => truncateSync(bench.file, 0), 'it is empty, or of another program'],
    ['is cut off', () => truncateSync(bench.file, 20_000), 'it is damaged'],
    ['is something else', () => writeFileSync(bench.file, 'hello '.repeat(2_000)), 'file is not a database'],
    [
      'is of a newer llamactl',
      () => {
        const newer = new DatabaseSync(bench.file);
        newer.exec('pragma user_version = 99');
        newer.close();
      },
      'has schema version 99, this llamactl knows versions up to',
    ],
  ])('if the file %s', (_what, spoil, reason) => {
    spoil();
    const before = readFileSync(bench.database);
    expect(() => bench.restore()).toThrow(reason);
    expect(readFileSync(bench.database).equals(before)).toBe(true);
    expect(readdirSync(bench.directory).filter((name) => name.includes('draft'))).toEqual([]);
  });
});

it('brings a copy of a backup of every schema version up to date', async () => {
  await bench.backUpThenChange();
  const fixtures = join(bench.folder, 'fixtures');
  cpSync(join(import.meta.dirname, 'fixtures'), fixtures, { recursive: true });
  for (const version of VERSIONS) {
    const { schema } = bench.restore({
      file: join(fixtures, `schema-${version}.db`),
      now: NOW + version,
    });
    expect(schema).toBe(version);
    expect(await bench.instances()).toHaveLength(10);
  }
  expect(readdirSync(fixtures).toSorted()).toEqual(VERSIONS.map((version) => `schema-${version}.db`));
});

it('accepts a copy of a database on a read-only disk', async () => {
  await bench.backUpThenChange();
  const disk = join(bench.folder, 'disk');
  mkdirSync(disk);
  copyFileSync(bench.database, join(disk, 'copy.db'));
  chmodSync(disk, 0o500);
  bench.restore({ file: join(disk, 'copy.db') });
  chmodSync(disk, 0o700);
  expect(await bench.instances()).toEqual(['stays', 'changed', 'new']);
});

it('decides for every table whether it is restored', async () => {
  await bench.serve(async () => undefined);
  const kept = ['meta', 'signing_keys', 'revoked_tokens', 'sessions', 'audit', 'events', 'downloads', 'model_files'];
  const open = new DatabaseSync(bench.database);
  expect(tablesOf(open).toSorted()).toEqual([...PUT_BACK, ...ACCESS, ...kept].toSorted());
  open.close();
});

it('sweepDrafts removes the drafts of a killed restore', () => {
  mkdirSync(bench.directory);
  for (const name of ['llamactl.db.draft-1', 'llamactl.db.draft-1-journal', 'llamactl.db.schema-1', 'mine']) {
    writeFileSync(join(bench.directory, name), '');
  }
  sweepDrafts(bench.directory);
  expect(readdirSync(bench.directory).toSorted()).toEqual(['llamactl.db.schema-1', 'mine']);
});
