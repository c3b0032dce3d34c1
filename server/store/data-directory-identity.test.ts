import { cpSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../clock.ts';
import { markRestored } from './backup-mark.ts';
import { storedInstance } from '../testing/contracts/store.contract.ts';
import { openDatabase } from './database.ts';
import type { Whereabouts } from '../instances/ports/runs.ts';
import { settleIdentity, type ProcessLookup } from './data-directory-identity.ts';
import { isOutOfRoom } from './disk-room.ts';
import { openStore } from './sqlite.ts';

let folder: string;
let first: string;
let second: string;
let id: string;

/** The clock does not move, so no disk is slow. */
const clock = { ...systemClock(), now: () => 1 };
/** Opens the store of a folder once; returns its identity and log. @param others Another identifier whose processes run here. */
async function opened(
  directory: string,
  found: Whereabouts['location'] | 'not asked',
  { bootId = 'this', others = null }: { bootId?: string; others?: string | null } = {},
) {
  const said: string[] = [];
  const asked: unknown[] = [];
  const log = { debug: () => undefined, warn: (message: string) => void said.push(message) };
  const look: ProcessLookup['look'] = (dataDirId, known) => {
    asked.push([dataDirId, known.map(({ pid }) => pid)]);
    if (found === 'not asked') throw new Error('the processes should not be looked up');
    return { location: found, pids: found === 'none' ? [] : [17, 4], idHere: found === 'here' ? dataDirId : others };
  };
  const store = openStore({
    file: join(directory, 'llamactl.db'),
    clock,
    log,
    isMeasured: true,
    surroundings: { bootId, look },
  });
  const [instance] = await store.load();
  await store.close();
  const state = instance?.state;
  const boot = state !== undefined && 'run' in state ? state.run.identity?.bootId : undefined;
  return { dataDirId: store.dataDirId, boot, said, asked };
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'llamactl-identity-'));
  [first, second] = [join(folder, 'first'), join(folder, 'second')];
  mkdirSync(first);
  const surroundings: ProcessLookup = { bootId: 'this', look: () => ({ location: 'none', pids: [], idHere: null }) };
  const store = openStore({ file: join(first, 'llamactl.db'), clock, surroundings });
  id = store.dataDirId;
  const { record } = storedInstance('a');
  const identity = { pid: 4, startTicks: 1, bootId: 'this', group: 3 };
  const run = {
    number: 1,
    cause: 'command',
    wantedByUser: true,
    launch: null,
    identity,
    startedAt: 1,
    readyAt: 2,
  } as const;
  await store.save({ record, state: { status: 'running', run, runs: 1, restarts: 0, lastExit: null } });
  await store.close();
});
afterEach(() => rmSync(folder, { recursive: true }));

const ELSEWHERE = 'of the directory that this is a copy of';
const copy = (): void => cpSync(first, second, { recursive: true });

describe('the identity of a database', () => {
  it('stays in its folder without a look-up, also after the folder was renamed', async () => {
    expect(await opened(first, 'not asked')).toMatchObject({ dataDirId: id, boot: 'this' });
    renameSync(first, second);
    expect(await opened(second, 'not asked')).toMatchObject({ dataDirId: id, boot: 'this' });
  });

  it('is new in another folder with engines elsewhere, without knowing them; the first database stays unchanged', async () => {
    copy();
    const there = await opened(second, 'elsewhere');
    expect(there).toMatchObject({ asked: [[id, [4]]], boot: ELSEWHERE });
    expect(there.dataDirId).not.toBe(id);
    expect(there.said.join()).toContain('whose engines run (process 17, 4). They are left alone');
    expect(await opened(second, 'not asked')).toMatchObject({ dataDirId: there.dataDirId, said: [] });
    expect(await opened(first, 'not asked')).toMatchObject({ dataDirId: id, boot: 'this' });
  });

  it.each(['unclear', 'both'] as const)(
    'is ambiguous in another folder if engines are %s: the error names them, and nothing changes',
    async (found) => {
      copy();
      await expect(opened(second, found)).rejects.toThrow(
        /run \(process 17, 4\), and it is unclear whether they belong to this folder .* start again: kill 17 4$/,
      );
      rmSync(first, { recursive: true });
      expect(await opened(second, 'here')).toMatchObject({ dataDirId: id, boot: 'this' });
    },
  );

  it('is new in another folder without engines, begins as after a reboot, and is logged', async () => {
    copy();
    const there = await opened(second, 'none');
    expect(there.dataDirId).not.toBe(id);
    expect(there.boot).toBe(ELSEWHERE);
    expect(there.said).toEqual([
      `The database in ${second} was in another folder, and none of its engines run. It has a new identity. ` +
        'Instances begin here as after a reboot.',
    ]);
    expect(await opened(second, 'not asked')).toMatchObject({ dataDirId: there.dataDirId, said: [] });
  });

  it('stays in a moved folder, in which its engines have their files', async () => {
    copy();
    rmSync(first, { recursive: true });
    expect(await opened(second, 'here')).toMatchObject({ dataDirId: id, boot: 'this', said: [] });
    expect(await opened(second, 'not asked')).toMatchObject({ dataDirId: id });
  });

  it('is refused if a copy shares the folder of instances with its original', async () => {
    copy();
    renameSync(join(first, 'llamactl.db'), join(first, 'kept'));
    expect(await opened(second, 'here')).toMatchObject({ dataDirId: id });
    renameSync(join(first, 'kept'), join(first, 'llamactl.db'));
    const third = join(folder, 'third');
    cpSync(first, third, { recursive: true });
    const [name, instances] = [join(first, 'llamactl.db'), join(third, 'instances')];
    await expect(opened(third, 'here')).rejects.toThrow(
      `${third} is a copy of ${first}, but both have the same folder ${instances}, in which engines run (process 17, 4). ` +
        `They are left alone. Give the copy a folder of its own, or let it take over: mv ${name} ${name}.old`,
    );
  });
});

describe('the identity of a database after a reboot', () => {
  const bootId = 'next';

  it.each(['none', 'here', 'unclear'] as const)(
    'stays in its folder with any device number and engines that are %s',
    async (found) => {
      change(first, ([boot, , ...rest]) => [boot, 'another', ...rest]);
      expect(await opened(first, found, { bootId })).toMatchObject({ dataDirId: id, boot: 'this', said: [] });
      expect(await opened(first, 'not asked', { bootId })).toMatchObject({ dataDirId: id });
    },
  );

  it('is new if its engines run elsewhere, since the whole disk was copied', async () => {
    expect((await opened(first, 'elsewhere', { bootId })).dataDirId).not.toBe(id);
  });

  it.each([
    ['folder', 2],
    ['folder of the same number', 3],
  ])('is new with another %s', async (_what, field) => {
    change(first, (fields) => fields.with(field, '1'));
    expect((await opened(first, 'none', { bootId })).dataDirId).not.toBe(id);
  });
});

describe('on a full disk, a database whose device number has changed since the boot', () => {
  let database: DatabaseSync;
  beforeEach(() => {
    change(first, () => ['this', '1', '2', '3', '/']);
    database = openDatabase(join(first, 'llamactl.db'));
    fill(database);
  });
  afterEach(() => database.close());

  const settled = (location: Whereabouts['location'], idHere: string | null): unknown => {
    const look = (): Whereabouts => ({ location, pids: [], idHere });
    settleIdentity(database, join(first, 'llamactl.db'), { bootId: 'this', look });
    return database.prepare(`select value from meta where key in ('data_dir_id', 'folder') order by key`).all();
  };

  it.each(['none', 'here'] as const)(
    'stays unchanged with engines that are %s, and is checked again later',
    (location) => {
      expect(settled(location, null)).toEqual([{ value: id }, { value: 'this 1 2 3 /' }]);
    },
  );

  it.each([
    ['elsewhere', null],
    ['none', 'other'],
  ] as const)('is not opened with engines that are %s, of %s here', (location, idHere) => {
    expect(() => settled(location, idHere)).toThrow('too full to store that it is another data directory');
    expect(database.isTransaction).toBe(false);
  });
});

describe('a restored database', () => {
  it('gets the identifier of the engines that have their runs beside it', async () => {
    change(first, ([boot, , ...rest]) => [boot, 'another', ...rest]);
    const restored = await opened(first, 'none', { others: 'theirs' });
    expect(restored).toMatchObject({ dataDirId: 'theirs', boot: 'this', said: [] });
    expect(await opened(first, 'not asked')).toMatchObject({ dataDirId: 'theirs' });
  });

  it('is checked in its own folder too, and without an identifier', async () => {
    const marked = (sql: string): void => {
      const database = new DatabaseSync(join(first, 'llamactl.db'));
      database.exec(sql);
      markRestored(database, { what: 'a backup', keeps_log_ins: true });
      database.close();
    };
    marked('');
    await expect(opened(first, 'both'), 'again, until that is settled').rejects.toThrow('it is unclear');
    expect(await opened(first, 'none', { others: 'theirs' })).toMatchObject({ dataDirId: 'theirs', boot: 'this' });
    marked(`delete from meta where key = 'data_dir_id'`);
    expect(await opened(first, 'none', { others: 'last' })).toMatchObject({ dataDirId: 'last', boot: 'this' });
    marked(`delete from meta where key = 'data_dir_id'`);
    expect(await opened(first, 'none')).toMatchObject({ boot: ELSEWHERE });
  });

  it('does not know engines of its old identifier that run elsewhere', async () => {
    copy();
    expect(await opened(second, 'elsewhere', { others: 'theirs' })).toMatchObject({
      dataDirId: 'theirs',
      boot: ELSEWHERE,
    });
  });
});

describe('a database of an older llamactl, without a recorded folder', () => {
  beforeEach(() => {
    const database = new DatabaseSync(join(first, 'llamactl.db'));
    database.exec(`delete from meta where key = 'folder'`);
    database.close();
  });

  it.each(['here', 'unclear', 'none'] as const)('keeps its identifier with engines that are %s', async (found) => {
    expect(await opened(first, found)).toMatchObject({ dataDirId: id, boot: 'this', said: [] });
    expect(await opened(first, 'not asked')).toMatchObject({ dataDirId: id });
  });

  it('gets a new identifier when its engines run elsewhere', async () => {
    const { dataDirId, boot } = await opened(first, 'elsewhere');
    expect(dataDirId).not.toBe(id);
    expect(boot).not.toBe('this');
  });
});

/** Changes the recorded folder of a database: boot, device, inode, birth, path. */
function change(directory: string, to: (fields: string[]) => (string | undefined)[]): void {
  const database = new DatabaseSync(join(directory, 'llamactl.db'));
  const stored = String(database.prepare(`select value from meta where key = 'folder'`).get()?.['value']);
  database.prepare(`update meta set value = ? where key = 'folder'`).run(to(stored.split(' ')).join(' '));
  database.close();
}

/** Fills the database until no further row can be stored. */
function fill(database: DatabaseSync): void {
  const { page_count: pages } = database.prepare('pragma page_count').get() ?? {};
  database.exec(`pragma max_page_count = ${String(pages)}`);
  const insert = database.prepare('insert into meta (key, value) values (?, ?)');
  for (const size of [100, 0]) {
    try {
      for (let count = 0; ; count += 1) insert.run(`row ${size} ${count}`, 'x'.repeat(size));
    } catch (error) {
      if (!isOutOfRoom(error)) throw error;
    }
  }
}
