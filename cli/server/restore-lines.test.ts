import type { EngineFate, PreparedRestore, PreparedSalvage } from '@llamactl/server/main';
import { describe, expect, it } from 'vitest';
import { engineLines, instanceChanges, restoreLines, salvageLines } from './restore-lines.ts';

type Stored = PreparedRestore['after'][number];

function stored(id: string, version = 1): Stored {
  const settings = {} as Stored['record']['settings'];
  const times = { createdAt: '2026-01-01T00:00:00Z', updatedAt: '2026-01-01T00:00:00Z' };
  return {
    record: { id, name: id, port: 8100, portAssigned: true, settings, ...times, version },
    state: { status: 'stopped', runs: 0, restarts: 0, lastExit: null },
  };
}

function prepared(changes: Partial<PreparedRestore> = {}): PreparedRestore {
  return {
    mark: null,
    schema: 2,
    lost: null,
    bringsAccounts: false,
    dataDirId: 'abc',
    before: [],
    after: [],
    revived: { accounts: [], keys: [] },
    apply: () => null,
    discard: () => undefined,
    ...changes,
  };
}

describe('restoreLines', () => {
  it('describes the change of each instance', () => {
    const before = [stored('same'), stored('other', 2), stored('new')];
    const after = [stored('same'), stored('other'), stored('removed')];
    expect(instanceChanges({ before, after })).toEqual({
      come_back: ['removed'],
      go: ['new'],
      change: ['other'],
      stay: ['same'],
    });
    expect(restoreLines('b.db', prepared({ before, after }))).toEqual([
      'b.db: a copy of a database, schema version 2',
      '1 instance comes back: removed',
      '1 instance is removed: new',
      '1 instance gets the settings of the backup: other',
      '1 instance: unchanged settings',
      'accounts, keys, log-ins and the audit trail stay unchanged',
    ]);
  });

  it('brings all instances back if the current database cannot be read, and explains why', () => {
    const after = [stored('a'), stored('b')];
    const mark = { made_at: '2026-03-01T12:00:00Z', version: '1.2.3', directory: '/data', configuration: null };
    const lines = restoreLines(
      'b.db',
      prepared({ mark, lost: 'it is damaged', bringsAccounts: true, before: null, after }),
    );
    expect(lines[0]).toMatch(/^b\.db: a backup of 2026-03-01 \d\d:\d\d by llamactl 1\.2\.3, schema version 2$/);
    expect(lines.slice(1)).toEqual([
      'the current database cannot be read, so none of it is kept: it is damaged',
      '2 instances come back: a, b',
      'accounts and keys are replaced by those of the backup; all users have to log in again',
    ]);
  });

  it('lists revived accounts and keys with accounts', () => {
    const revived = { accounts: ['eve'], keys: ['ci', 'laptop'] };
    expect(restoreLines('b.db', prepared({ bringsAccounts: true, revived })).slice(-2)).toEqual([
      'accounts that are enabled again, or get their old password back: eve',
      'removed keys that are valid again: ci, laptop',
    ]);
  });
});

it('salvageLines lists saved and lost rows by table', () => {
  const tables: PreparedSalvage['tables'] = [
    { table: 'instances', saved: 1, refused: 0, isIncomplete: false },
    { table: 'audit', saved: 400, refused: 2, isIncomplete: true },
    { table: 'meta', saved: 0, refused: 0, isIncomplete: true },
  ];
  const salvage = { tables, instances: [stored('a')], dataDirId: null, apply: () => null, discard: () => undefined };
  expect(salvageLines(salvage)).toEqual([
    'instances: 1 row saved',
    'audit: 400 rows saved, 2 damaged, some rows could not be read',
    'meta: 0 rows saved, some rows could not be read',
    'instances: a',
    'all users have to log in again',
    'the identity of the data directory is lost: the server will not recognise running engines',
  ]);
});

it('salvageLines says how to log in when no account was saved', () => {
  const lines = (saved: number): string[] => {
    const tables = [{ table: 'users', saved, refused: 1, isIncomplete: false }];
    return salvageLines({ tables, instances: [], dataDirId: 'abc', apply: () => null, discard: () => undefined });
  };
  const hint = 'no account was saved: if accounts are on, the next start creates the account admin with a new password';
  expect([lines(0).at(-1), lines(1).at(-1)]).toEqual([hint, 'all users have to log in again']);
});

it('engineLines describes what the next server does with each engine', () => {
  const engines: EngineFate[] = [
    { name: 'a', id: '1', pids: [10, 11], fate: 'goes on' },
    { name: 'b', id: '2', pids: [20], fate: 'ends' },
    { name: null, id: '3', pids: [30], fate: 'ends' },
  ];
  expect(engineLines(engines)).toEqual([
    'engine of a, pid 10, 11: keeps running',
    'engine of b, pid 20: its run was ending, or the database does not have it; the next start of the server ends it',
    'engine of an instance that the database does not have (3), pid 30: the next start of the server ends it',
  ]);
  expect(engineLines([])).toEqual(['no engine of this data directory runs']);
});
