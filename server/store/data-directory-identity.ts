import { statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import type { ProcessIdentity, Whereabouts } from '../instances/ports/runs.ts';
import { isOutOfRoom } from './disk-room.ts';

/** Access to the processes of this machine. */
export interface ProcessLookup {
  /** This boot of the machine. */
  bootId: string;
  /**
   * Finds the living processes of an identifier, and whether processes of another identifier have their runs in this directory.
   *
   * @param dataDirId `null`: look only for processes that have their runs in this directory.
   * @param known Processes that may hide their tag.
   */
  look: (dataDirId: string | null, known: readonly ProcessIdentity[]) => Whereabouts;
}

/** The folder for which an identifier was made. */
interface Folder {
  boot: string;
  /** Valid until the disk is mounted again, so at most until the next boot. */
  device: string;
  inode: string;
  /** When the folder was created, in nanoseconds; 0 where the filesystem does not record it. */
  born: string;
  path: string;
}

const KEY = 'folder';
/** Replaces the boot id of a run that belongs to another directory, so that no process of this boot matches the run. */
const ELSEWHERE = 'of the directory that this is a copy of';

/**
 * Decides which identifier a database has in its present folder, and stores it.
 *
 * A copy has the identifier of the original, and two servers with one identifier end each other's engines. So a
 * database records its folder. In that folder it keeps its identifier without further checks. In another folder the
 * living processes decide:
 *
 * - No process of the identifier lives: the database gets a new identifier.
 * - Processes of the identifier have their files here: the folder was moved, and the database keeps the identifier.
 * - Processes of the identifier have their files elsewhere: the database is a copy, and gets a new identifier.
 * - Processes of another identifier have their runs here: the database is an older one, and gets that identifier.
 *
 * A database without a recorded folder, or whose disk was mounted again, keeps its identifier unless its processes live
 * elsewhere. After a change to a new identifier, instances begin as after a reboot, and processes of the old one are
 * never touched.
 *
 * @returns a sentence for the log when the identity is new; `null`: it is the previous one, or the one of the engines
 *   here
 * @throws {Error} it is ambiguous to which directory the living engines belong; the message names the command that
 *   decides
 */
export function settleIdentity(database: DatabaseSync, file: string, { bootId, look }: ProcessLookup): string | null {
  const directory = dirname(file);
  const here = folderOf(directory, bootId);
  const before = folderIn(database);
  const stored = valueOf(database, 'data_dir_id');
  const match = before === null ? 'likely' : compare(before, here);
  if (match === 'same' && stored !== null) return null;
  const found = look(stored, identitiesIn(database));
  if (match === 'other' && found.location === 'here' && before !== null && isStillThere(before, basename(file))) {
    throw sharedInstances(directory, before.path, basename(file), found.pids);
  }
  const decision = identifierFor(stored, match, found);
  if (decision === 'ambiguous') throw ambiguous(directory, found.pids);
  const { dataDirId } = decision;
  try {
    database.exec('begin immediate');
    settle(database, dataDirId, here, found);
    database.exec('commit');
  } catch (error) {
    if (database.isTransaction) database.exec('rollback');
    if (!isOutOfRoom(error)) throw error;
    // The next server checks again. Until then the old identifier does no harm: it is the right one, or no process has it.
    if (stored !== null && (dataDirId === stored || (dataDirId === null && found.location === 'none'))) return null;
    throw new Error(
      `The disk of ${directory} is too full to store that it is another data directory than its database belongs to. ` +
        'Make room and start again. Engines that run are left alone.',
      { cause: error },
    );
  }
  const isNew = dataDirId === null && stored !== null;
  return isNew || found.location === 'elsewhere' ? newIdentity(directory, found) : null;
}

/** Makes the next server look for living engines, as after a reboot: a restored database may not know them. */
export function doubtIdentity(database: DatabaseSync): void {
  database.prepare(`update meta set value = substr(value, instr(value, ' ')) where key = ?`).run(KEY);
}

/** Decides which identifier the database should have; `null`: a new one. */
function identifierFor(
  stored: string | null,
  match: 'same' | 'likely' | 'other',
  { location, idHere }: Whereabouts,
): { dataDirId: string | null } | 'ambiguous' {
  if (location === 'both') return 'ambiguous';
  if (idHere !== null && idHere !== stored) return location === 'unclear' ? 'ambiguous' : { dataDirId: idHere };
  if (location === 'elsewhere') return { dataDirId: null };
  if (location === 'here' || match !== 'other') return { dataDirId: stored };
  return location === 'none' ? { dataDirId: null } : 'ambiguous';
}

function sharedInstances(directory: string, original: string, name: string, pids: readonly number[]): Error {
  const instances = join(directory, 'instances');
  return new Error(
    `${directory} is a copy of ${original}, but both have the same folder ${instances}, in which engines run ` +
      `(process ${pids.join(', ')}). They are left alone. Give the copy a folder of its own, ` +
      `or let it take over: mv ${join(original, name)} ${join(original, `${name}.old`)}`,
  );
}

function ambiguous(directory: string, pids: readonly number[]): Error {
  return new Error(
    `Engines with the identity of the database in ${directory} run (process ${pids.join(', ')}), and it is unclear whether they ` +
      `belong to this folder or to another one. They are left alone. End them and start again: kill ${pids.join(' ')}`,
  );
}

function newIdentity(directory: string, { location, pids }: Whereabouts): string {
  const why =
    location === 'elsewhere'
      ? `${directory} is a copy of another data directory, whose engines run (process ${pids.join(', ')}). They are left alone.`
      : `The database in ${directory} was in another folder, and none of its engines run.`;
  return `${why} It has a new identity. Instances begin here as after a reboot.`;
}

function settle(database: DatabaseSync, dataDirId: string | null, here: Folder, { location }: Whereabouts): void {
  const write = database.prepare('insert or replace into meta (key, value) values (?, ?)');
  // The instance store makes a new identifier when it is created.
  if (dataDirId === null) database.exec(`delete from meta where key = 'data_dir_id'`);
  else write.run('data_dir_id', dataDirId);
  if (dataDirId === null || location === 'elsewhere') disown(database);
  write.run(KEY, [here.boot, here.device, here.inode, here.born, here.path].join(' '));
}

/** Marks all runs in the database as runs of another boot, so that none is taken for living on this machine. */
function disown(database: DatabaseSync): void {
  database
    .prepare(
      `update instances set state = json_set(state, '$.run.identity.bootId', ?)
       where json_extract(state, '$.run.identity.bootId') is not null`,
    )
    .run(ELSEWHERE);
  database
    .prepare(
      `update instances set state = json_set(state, '$.bootId', ?) where json_extract(state, '$.phase') = 'backoff'`,
    )
    .run(ELSEWHERE);
}

/**
 * Compares two folders. Some filesystems (btrfs, ZFS, NFS, overlays) give a device another number at each mount. So
 * after a reboot inode and birth time decide. The result is then only `likely`: a copy of the whole disk has the same
 * inodes and birth times.
 */
function compare(before: Folder, here: Folder): 'same' | 'likely' | 'other' {
  const isSameBoot = before.boot === here.boot;
  if (before.inode !== here.inode) return 'other';
  if (isSameBoot) return before.device === here.device ? 'same' : 'other';
  return before.born === here.born ? 'likely' : 'other';
}

/** Whether the folder is still at its path and has a database. */
function isStillThere(before: Folder, name: string): boolean {
  if (statSync(join(before.path, name), { throwIfNoEntry: false }) === undefined) return false;
  return compare(before, folderOf(before.path, before.boot)) === 'same';
}

function folderOf(path: string, boot: string): Folder {
  const { dev, ino, birthtimeNs } = statSync(path, { bigint: true });
  return { boot, device: String(dev), inode: String(ino), born: String(birthtimeNs), path };
}

/** Reads the recorded folder; `null`: none is recorded. */
function folderIn(database: DatabaseSync): Folder | null {
  const [boot, device, inode, born, ...path] = valueOf(database, KEY)?.split(' ') ?? [];
  if (boot === undefined || device === undefined || inode === undefined || born === undefined) return null;
  return { boot, device, inode, born, path: path.join(' ') };
}

function identitiesIn(database: DatabaseSync): ProcessIdentity[] {
  return database
    .prepare(
      `select json_extract(state, '$.run.identity') as identity from instances
       where json_type(state, '$.run.identity') = 'object'`,
    )
    .all()
    .map(({ identity }) => JSON.parse(String(identity)) as ProcessIdentity);
}

function valueOf(database: DatabaseSync, key: string): string | null {
  const row = database.prepare('select value from meta where key = ?').get(key);
  return row === undefined ? null : String(row['value']);
}
