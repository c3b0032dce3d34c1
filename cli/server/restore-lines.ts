import type { EngineFate, PreparedRestore, PreparedSalvage } from '@llamactl/server/main';
import { count } from '../../format/figures.ts';
import { moment } from '../../format/moment.ts';

/** The instances that a restore changes, by name. */
export interface InstanceChanges {
  /** Only in the backup. */
  come_back: string[];
  /** Only in the current database. */
  go: string[];
  /** In both, with different settings. */
  change: string[];
  stay: string[];
}

type Instances = Pick<PreparedRestore, 'before' | 'after'>;

/** Compares the instances before and after. If the present ones cannot be read, all count as coming back. */
export function instanceChanges({ before, after }: Instances): InstanceChanges {
  const now = new Map((before ?? []).map(({ record }) => [record.id, record]));
  const changes: InstanceChanges = { come_back: [], go: [], change: [], stay: [] };
  for (const { record } of after) {
    const present = now.get(record.id);
    now.delete(record.id);
    if (present === undefined) changes.come_back.push(record.name);
    else if (JSON.stringify(present) === JSON.stringify(record)) changes.stay.push(record.name);
    else changes.change.push(record.name);
  }
  changes.go = [...now.values()].map(({ name }) => name);
  return changes;
}

/** Describes a restore, one line each. */
export function restoreLines(file: string, prepared: PreparedRestore): string[] {
  const { mark, schema, lost, bringsAccounts, revived } = prepared;
  const of =
    mark === null
      ? `a copy of a database, schema version ${schema}`
      : `a backup of ${moment(mark.made_at)} by llamactl ${mark.version}, schema version ${schema}`;
  const { come_back, go, change, stay } = instanceChanges(prepared);
  return [
    `${file}: ${of}`,
    ...(lost === null ? [] : [`the current database cannot be read, so none of it is kept: ${lost}`]),
    ...named('comes back', 'come back', come_back),
    ...named('is removed', 'are removed', go),
    ...named('gets the settings of the backup', 'get the settings of the backup', change),
    ...(stay.length === 0 ? [] : [`${count(stay.length, 'instance')}: unchanged settings`]),
    ...(bringsAccounts ? accessLines(revived) : ['accounts, keys, log-ins and the audit trail stay unchanged']),
  ];
}

function accessLines({ accounts, keys }: PreparedRestore['revived']): string[] {
  return [
    'accounts and keys are replaced by those of the backup; all users have to log in again',
    ...(accounts.length === 0
      ? []
      : [`accounts that are enabled again, or get their old password back: ${accounts.join(', ')}`]),
    ...(keys.length === 0 ? [] : [`removed keys that are valid again: ${keys.join(', ')}`]),
  ];
}

function named(one: string, many: string, names: readonly string[]): string[] {
  return names.length === 0
    ? []
    : [`${count(names.length, 'instance')} ${names.length === 1 ? one : many}: ${names.join(', ')}`];
}

/** Describes a salvage, one line a table. */
export function salvageLines({ tables, instances, dataDirId }: PreparedSalvage): string[] {
  return [
    ...tables.map(({ table, saved, refused, isIncomplete }) => {
      const lost = isIncomplete ? ', some rows could not be read' : '';
      return `${table}: ${count(saved, 'row')} saved${refused === 0 ? '' : `, ${refused} damaged`}${lost}`;
    }),
    ...(instances.length === 0 ? [] : [`instances: ${instances.map(({ record }) => record.name).join(', ')}`]),
    'all users have to log in again',
    ...(tables.some(
      ({ table, saved, refused, isIncomplete }) => table === 'users' && saved === 0 && (refused > 0 || isIncomplete),
    )
      ? ['no account was saved: if accounts are on, the next start creates the account admin with a new password']
      : []),
    ...(dataDirId === null && tables.some(({ table, isIncomplete }) => table === 'meta' && isIncomplete)
      ? ['the identity of the data directory is lost: the server will not recognise running engines']
      : []),
  ];
}

/** Fate of the engines that run now. */
export function engineLines(engines: readonly EngineFate[]): string[] {
  if (engines.length === 0) return ['no engine of this data directory runs'];
  return engines.map(({ name, id, pids, fate }) => {
    const who = `engine of ${name ?? `an instance that the database does not have (${id})`}, pid ${pids.join(', ')}`;
    if (fate === 'goes on') return `${who}: keeps running`;
    const why = name === null ? '' : ' its run was ending, or the database does not have it;';
    return `${who}:${why} the next start of the server ends it`;
  });
}
