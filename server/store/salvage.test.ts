import {
  closeSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../clock.ts';
import { storedKey, storedSigningKey, storedUser } from '../testing/contracts/accounts.contract.ts';
import { auditEntry } from '../testing/contracts/audit.contract.ts';
import { storedInstance } from '../testing/contracts/store.contract.ts';
import { openDatabase } from './database.ts';
import { prepareSalvage, type PreparedSalvage } from './salvage.ts';
import { openStore } from './sqlite.ts';

const PAGE = 4_096;
const INSTANCES = 100;
const ROWS = 500;
const clock = systemClock();
const CHANGED = auditEntry('changed', {
  changes: [{ path: 'role', before: 'viewer', after: 'admin' }],
  moreChanges: 2,
});
let directory: string;
let file: string;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'llamactl-salvage-'));
  file = join(directory, 'llamactl.db');
  const store = openStore({ file, clock });
  await Promise.all(Array.from({ length: INSTANCES }, (_, index) => store.save(storedInstance(`i${index}`))));
  await store.accounts.saveUser(storedUser('u'));
  await store.accounts.saveKey(storedKey('k', 'u'));
  await store.accounts.saveSigningKey(storedSigningKey('s'));
  await Promise.all(Array.from({ length: ROWS }, (_, index) => store.audit.append(auditEntry(`r${index}`))));
  await store.audit.append(CHANGED);
  await store.close();
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

/** Overwrites pages of the file. */
function spoil(pages: readonly number[]): void {
  const descriptor = openSync(file, 'r+');
  for (const page of pages) writeSync(descriptor, Buffer.alloc(PAGE, 7), 0, PAGE, (page - 1) * PAGE);
  closeSync(descriptor);
}

/** The pages with rows of a table, in the order of the rows. */
function leaves(table: string): number[] {
  const database = new DatabaseSync(file, { readOnly: true });
  const rows = database
    .prepare(`select pageno from dbstat where name = ? and pagetype = 'leaf' order by path`)
    .all(table);
  database.close();
  return rows.map(({ pageno }) => Number(pageno));
}

const salvage = (): PreparedSalvage => prepareSalvage({ directory, now: 0 });
const of = ({ tables }: PreparedSalvage, name: string) => tables.find(({ table }) => table === name);

describe('a salvage', () => {
  it('saves everything of an undamaged database', () => {
    const prepared = salvage();
    prepared.discard();
    expect(prepared.tables.filter(({ isIncomplete, refused }) => isIncomplete || refused > 0)).toEqual([]);
  });

  it.each([
    ['first', (pages: number[]) => pages.slice(0, 1)],
    ['last', (pages: number[]) => pages.slice(-1)],
    ['middle', (pages: number[]) => pages.slice(5, 6)],
    ['scattered', (pages: number[]) => pages.filter((_, index) => index % 4 === 2)],
  ])('saves every row except those on the %s damaged pages', async (_which, choose) => {
    const pages = leaves('instances');
    const gone = choose(pages);
    expect(gone.length).toBeGreaterThan(0);
    spoil(gone);
    expect(() => openDatabase(file)).toThrow('is damaged');
    const damaged = readFileSync(file);
    const prepared = salvage();
    const found = of(prepared, 'instances');
    const perPage = Math.ceil(INSTANCES / (pages.length - 1));
    expect(found?.isIncomplete).toBe(true);
    expect(found?.saved).toBeGreaterThanOrEqual(INSTANCES - perPage * gone.length);
    expect(found?.saved).toBeLessThan(INSTANCES);
    expect(of(prepared, 'audit')).toEqual({ table: 'audit', saved: ROWS + 1, refused: 0, isIncomplete: false });

    const kept = prepared.apply();
    expect(readFileSync(kept ?? '').equals(damaged)).toBe(true);
    const said: string[] = [];
    const store = openStore({ file, clock, log: { debug: () => undefined, warn: (line) => said.push(line) } });
    expect(await store.load()).toHaveLength(found?.saved ?? 0);
    const rows = await store.audit.read({ limit: 2, beforeSeq: null, subject: null, actions: null, target: null });
    // The newest row is that of the salvage.
    expect(rows[1]).toMatchObject(CHANGED);
    expect(store.dataDirId).toBe(prepared.dataDirId);
    const { users, keys, signingKeys } = await store.accounts.load();
    expect([users.length, keys.length, signingKeys.length]).toEqual([1, 1, 0]);
    expect(said[0]).toContain(
      'was restored from what could be read of the damaged llamactl.db. Everyone has to log in',
    );
    await store.close();
    expect(readdirSync(directory).filter((name) => name.includes('draft'))).toEqual([]);
  });

  it('saves the rows before the end of a truncated file', () => {
    truncateSync(file, Math.max(...leaves('instances').slice(0, 3)) * PAGE);
    const prepared = salvage();
    prepared.discard();
    expect(of(prepared, 'instances')?.saved).toBeGreaterThan(0);
    expect(of(prepared, 'audit')?.isIncomplete).toBe(true);
  });

  it('saves no keys whose account is lost', () => {
    spoil(leaves('users'));
    const prepared = salvage();
    prepared.discard();
    expect(of(prepared, 'users')).toEqual({ table: 'users', saved: 0, refused: 0, isIncomplete: true });
    expect(of(prepared, 'keys')).toEqual({ table: 'keys', saved: 0, refused: 1, isIncomplete: false });
  });

  it('saves rows that a killed server had only in its write-ahead log', async () => {
    const store = openStore({ file, clock });
    await store.save(storedInstance('newest'));
    const crashed = join(directory, 'crashed');
    mkdirSync(crashed);
    for (const suffix of ['', '-wal']) copyFileSync(file + suffix, join(crashed, `llamactl.db${suffix}`));
    await store.close();
    const prepared = prepareSalvage({ directory: crashed, now: 0 });
    prepared.discard();
    expect(prepared.instances.map(({ record }) => record.id)).toContain('newest');
  });

  it('brings an older schema version up to date', () => {
    copyFileSync(join(import.meta.dirname, 'fixtures', 'schema-1.db'), file);
    const prepared = salvage();
    expect(prepared.instances).toHaveLength(10);
    prepared.apply();
    openDatabase(file).close();
  });
});

describe('a salvage is refused', () => {
  it.each([
    ['something else', () => writeFileSync(file, 'x'.repeat(10_000)), 'its beginning is lost (file is not a database)'],
    ['empty', () => truncateSync(file, 0), 'it has schema version 0, which this llamactl does not know'],
    ['not there', () => rmSync(file), 'there is no'],
  ])('for a file that is %s', (_what, damage, reason) => {
    damage();
    const files = readdirSync(directory);
    expect(() => salvage()).toThrow(reason);
    expect(readdirSync(directory)).toEqual(files);
  });
});
