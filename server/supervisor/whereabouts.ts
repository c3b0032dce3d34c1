import { readdirSync, readlinkSync, statSync } from 'node:fs';
import path from 'node:path';
import type { ProcessIdentity, Whereabouts } from '../instances/ports.ts';
import { currentBootId, isDead, readStat, readTag } from './identity.ts';
import { errorCode, readProc } from './proc-file.ts';
import { WRAPPER_NAME } from './wrapper.ts';

/**
 * Looks where the processes that carry a data directory's identifier work, by the log and the FIFO that they hold open: of
 * those the kernel knows the names of now, also when a folder above was renamed. Blocks, 10 ms for 300 processes.
 *
 * @param dataDirId `null`: it has none, and only who works here is asked.
 * @param directory The data directory that is `here`.
 * @param known Processes that were the identifier's, which may not show their tag.
 */
export function whereaboutsOf(
  dataDirId: string | null,
  directory: string,
  known: readonly ProcessIdentity[] = [],
): Whereabouts {
  const pids: number[] = [];
  const seen = new Set<Evidence>();
  let here: string | null = null;
  for (const [tag, processes] of taggedProcesses()) {
    const run = runOf(tag);
    if (run === null) continue;
    const runs = processes.flatMap(openRunsOf).filter(({ folder }) => folder === run.folder);
    const isAsked = run.dataDirId === dataDirId;
    if ((here === null || isAsked) && runs.some((each) => isInItsFolder(each, directory))) {
      here = run.dataDirId;
    }
    if (!isAsked) continue;
    pids.push(...processes);
    const shown = runs.map((each) => evidenceOf(each, directory)).filter((each) => each !== null);
    for (const each of shown.length > 0 ? shown : processes.map((pid) => beganAt(pid, run, directory))) {
      if (each !== null) seen.add(each);
    }
  }
  for (const pid of hiddenOf(known).filter((each) => !pids.includes(each))) {
    pids.push(pid);
    for (const each of openRunsOf(pid)) {
      const evidence = evidenceOf(each, directory);
      if (evidence !== null) seen.add(evidence);
    }
  }
  const are = seen.size > 1 ? 'both' : ([...seen][0] ?? (pids.length === 0 ? 'nobody' : 'unclear'));
  return { are, pids, here };
}

/** `null` instead: nothing shows it. */
type Evidence = 'here' | 'elsewhere';

/**
 * Pids by tag. Who shows none, as a program with capabilities, or one that writes its title over its environment, has that
 * of the wrapper whose group it is in.
 */
function taggedProcesses(): Map<string, number[]> {
  const living = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map((name) => readStat(Number(name)))
    .filter((stat) => stat !== null)
    .filter((stat) => !isDead(stat));
  const tags = new Map(living.map(({ pid }) => [pid, tagOf(pid)]));
  const byTag = new Map<string, number[]>();
  for (const { pid, group } of living) {
    const tag = tags.get(pid) ?? tags.get(group) ?? null;
    if (tag !== null) byTag.set(tag, [...(byTag.get(tag) ?? []), pid]);
  }
  return byTag;
}

/** `null`: it has or shows none. */
function tagOf(pid: number): string | null {
  const reading = readTag(pid);
  return typeof reading === 'object' ? reading.tag : null;
}

/** Those that live and do not show whose they are: some programs write their title over their environment. */
function hiddenOf(known: readonly ProcessIdentity[]): number[] {
  const bootId = currentBootId();
  return known
    .filter((identity) => {
      const stat = identity.bootId === bootId ? readStat(identity.pid) : null;
      if (stat === null || stat.startTicks !== identity.startTicks || isDead(stat)) return false;
      return typeof readTag(identity.pid) !== 'object';
    })
    .map(({ pid }) => pid);
}

interface TaggedRun {
  dataDirId: string;
  /** Of the run, within its data directory. */
  folder: string;
}

function runOf(tag: string): TaggedRun | null {
  const [dataDirId, instance, nonce, ...more] = tag.split('.');
  if (!dataDirId || !instance || !nonce || more.length > 0) return null;
  return { dataDirId, folder: `instances/${instance}/runs/${nonce}` };
}

const DELETED = ' (deleted)';

interface OpenRun {
  /** A data directory; or where its `instances` is, if that is a link. */
  directory: string;
  /** Of a run, within it. */
  folder: string;
  /** The file is gone, and its folders may be. */
  isDeleted: boolean;
}

const IN_A_RUN = /^(.+)\/(instances\/[^/]+\/runs\/[^/]+)\//;

/** The runs of which a process holds files open. */
function openRunsOf(pid: number): OpenRun[] {
  return namesIn(`/proc/${pid}/fd`).flatMap((descriptor) => {
    const file = targetOf(`/proc/${pid}/fd/${descriptor}`);
    const [, directory, folder] = IN_A_RUN.exec(file) ?? [];
    if (directory === undefined || folder === undefined) return [];
    return [{ directory, folder, isDeleted: file.endsWith(DELETED) }];
  });
}

function isInItsFolder({ directory, folder, isDeleted }: OpenRun, here: string): boolean {
  const own = folderAt(here, folder);
  return !isDeleted && own !== null && own === folderAt(directory, folder);
}

/**
 * By the folder of the run: a copy has another one, while that of a directory that was moved, or is reached by a link, is the
 * same. Files that were deleted are of the directory in which they were; what was deleted with its whole directory is nobody
 * else's: it was moved to another disk, or put back.
 */
function evidenceOf({ directory, folder, isDeleted }: OpenRun, here: string): Evidence | null {
  if (folderAt(here, '') === null) return null;
  for (const each of isDeleted ? [folder, 'instances', ''] : [folder]) {
    const there = folderAt(directory, each);
    if (there !== null) return there === folderAt(here, each) ? 'here' : 'elsewhere';
  }
  return isDeleted ? 'here' : null;
}

/**
 * Where a run was begun, of whose files nothing is shown, by the command line of its wrapper. Another folder of that name is
 * not the one here; the same one may have taken its name since.
 */
function beganAt(pid: number, { folder }: TaggedRun, here: string): Evidence | null {
  const read = readProc(`/proc/${pid}/cmdline`);
  const [, , , name, began = ''] = read instanceof Buffer ? read.toString().split('\0') : [];
  if (name !== WRAPPER_NAME || !path.isAbsolute(began)) return null;
  const there = folderAt(began, '');
  return there === null || there === folderAt(here, folder) ? null : 'elsewhere';
}

/** Device and inode; `null`: there is none. */
function folderAt(directory: string, folder: string): string | null {
  try {
    const found = statSync(path.join(directory, folder), { bigint: true, throwIfNoEntry: false });
    return found === undefined ? null : `${found.dev}:${found.ino}`;
  } catch (error) {
    if (errorCode(error) === null) throw error;
    return null;
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (errorCode(error) === null) throw error;
    return [];
  }
}

/** Empty where it cannot be read. */
function targetOf(link: string): string {
  try {
    return readlinkSync(link);
  } catch (error) {
    if (errorCode(error) === null) throw error;
    return '';
  }
}
