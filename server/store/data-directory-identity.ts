import { statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import type { ProcessIdentity, Whereabouts } from '../instances/ports.ts';
import { isOutOfRoom } from './room.ts';

/** What the outside knows of the machine. */
export interface Surroundings {
  /** This boot of the machine. */
  bootId: string;
  /**
   * Finds the processes of an identifier (`null`: there is none), and whether there are others' here.
   *
   * @param known Processes that may not show whose they are.
   */
  look: (dataDirId: string | null, known: readonly ProcessIdentity[]) => Whereabouts;
}

/** Which folder a database was in. */
interface Folder {
  boot: string;
  /** Of a disk until it is mounted anew, at the next boot at the latest. */
  device: string;
  inode: string;
  /** When the folder was made, nanoseconds; 0 where the filesystem does not keep it. */
  born: string;
  path: string;
}

const KEY = 'folder';
/** Stands for the boot of a machine: what ran then does not run here. */
const ELSEWHERE = 'of the directory that this is a copy of';

/**
 * A copied data directory has the identifier of the first, and each of the two servers would take the other's engines for its
 * own. So a database that is in another folder than it was gets another identifier; unless processes of the old one have
 * their files here: then the folder was moved, and keeps them. Where processes of the old one work elsewhere, instances begin as
 * after a reboot, and those processes are never touched. Processes of another identifier that have their runs here say what
 * the identifier of this directory is: an older database was put back.
 *
 * One that does not say where it was, or whose folder is the same and its disk was mounted anew, keeps its identifier, unless
 * such processes work in another folder.
 *
 * Throws where it cannot be told whose the processes are: one of two servers would end the other's.
 *
 * @returns a sentence for the log; `null`: all is as it was
 */
export function settleIdentity(database: DatabaseSync, file: string, { bootId, look }: Surroundings): string | null {
  const directory = dirname(file);
  const here = folderOf(directory, bootId);
  const before = folderIn(database);
  const dataDirId = valueOf(database, 'data_dir_id');
  const is = before === null ? 'likely' : compare(before, here);
  if (is === 'same' && dataDirId !== null) return null;
  const found = look(dataDirId, identitiesIn(database));
  if (is === 'other' && found.are === 'here' && before !== null && isStillThere(before, basename(file))) {
    throw new Error(
      `${directory} is a copy of ${before.path}, but its folder instances is the same one, in which engines run ` +
        `(process ${found.pids.join(', ')}). Give it one of its own, or move ${join(before.path, basename(file))} away.`,
    );
  }
  const verdict = verdictOf(dataDirId, is, found);
  if (verdict === null) {
    throw new Error(
      `${directory} is not where its database was, and it cannot be told whether the engines of that are its own ` +
        `(process ${found.pids.join(', ')}). They are left alone: end them and start again.`,
    );
  }
  try {
    database.exec('begin immediate');
    settle(database, verdict, here);
    database.exec('commit');
  } catch (error) {
    if (database.isTransaction) database.exec('rollback');
    // Looked at again by the next server. Until then nobody is mistaken for another: there is nobody.
    const canWait = dataDirId !== null && (verdict.dataDirId === dataDirId || found.are === 'nobody');
    if (isOutOfRoom(error) && canWait && !isOthers(found, dataDirId)) return null;
    if (!isOutOfRoom(error)) throw error;
    throw new Error(
      `The disk of ${directory} is too full to note that it is another data directory than its database was of. ` +
        'Make room and start again. Engines that run are left alone.',
      { cause: error },
    );
  }
  if (found.are !== 'elsewhere') return null;
  return (
    `${directory} is a copy of another data directory, whose engines run (process ${found.pids.join(', ')}). They are ` +
    'left alone; instances begin here as after a reboot.'
  );
}

/** A database that was put back may not know who runs in its folder: it is looked at as after a reboot. */
export function doubtIdentity(database: DatabaseSync): void {
  database.prepare(`update meta set value = substr(value, instr(value, ' ')) where key = ?`).run(KEY);
}

interface Verdict {
  /** `null`: another one is made. */
  dataDirId: string | null;
  /** Whether the processes that it knows are not its own. */
  isOfOthers: boolean;
}

/** `null`: it cannot be told. */
function verdictOf(dataDirId: string | null, is: 'same' | 'likely' | 'other', found: Whereabouts): Verdict | null {
  const { are, here } = found;
  if (are === 'both') return null;
  if (isOthers(found, dataDirId)) {
    if (are === 'unclear' && dataDirId !== null) return null;
    return { dataDirId: here, isOfOthers: are === 'elsewhere' || are === 'unclear' };
  }
  if (dataDirId === null) return { dataDirId, isOfOthers: are !== 'here' };
  if (are === 'here') return { dataDirId, isOfOthers: false };
  if (are === 'elsewhere') return { dataDirId: null, isOfOthers: true };
  if (is !== 'other') return { dataDirId, isOfOthers: false };
  return are === 'unclear' ? null : { dataDirId: null, isOfOthers: false };
}

/** Whether what runs here has another identifier. */
function isOthers({ here }: Whereabouts, dataDirId: string | null): boolean {
  return here !== null && here !== dataDirId;
}

function settle(database: DatabaseSync, { dataDirId, isOfOthers }: Verdict, here: Folder): void {
  const write = database.prepare('insert or replace into meta (key, value) values (?, ?)');
  // Another identifier is made when there is none.
  if (dataDirId === null) database.exec(`delete from meta where key = 'data_dir_id'`);
  else write.run('data_dir_id', dataDirId);
  if (isOfOthers) disown(database);
  write.run(KEY, [here.boot, here.device, here.inode, here.born, here.path].join(' '));
}

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
 * The number of a device may be another one whenever its disk is mounted (btrfs, ZFS, NFS, overlays), so at another boot the
 * folder is known by the rest. `likely`, since a disk that was copied whole has that, too.
 */
function compare(before: Folder, here: Folder): 'same' | 'likely' | 'other' {
  const isSameBoot = before.boot === here.boot;
  if (before.inode !== here.inode) return 'other';
  if (isSameBoot) return before.device === here.device ? 'same' : 'other';
  return before.born === here.born ? 'likely' : 'other';
}

/** Whether the folder of before is where it was, with a database. */
function isStillThere(before: Folder, name: string): boolean {
  if (statSync(join(before.path, name), { throwIfNoEntry: false }) === undefined) return false;
  return compare(before, folderOf(before.path, before.boot)) === 'same';
}

function folderOf(path: string, boot: string): Folder {
  const { dev, ino, birthtimeNs } = statSync(path, { bigint: true });
  return { boot, device: String(dev), inode: String(ino), born: String(birthtimeNs), path };
}

/** `null`: it does not say. */
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
