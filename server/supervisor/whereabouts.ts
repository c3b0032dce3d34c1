import { codeOf } from '@llamactl/contract/reason';
import { readdirSync, readlinkSync, statSync } from 'node:fs';
import path from 'node:path';
import type { ProcessIdentity, Whereabouts } from '../instances/ports/runs.ts';
import { currentBootId } from './boot-id.ts';
import { isDead, readStat } from './process-stat.ts';
import { readTag } from './run-tag.ts';
import { readProc } from './proc-file.ts';
import { WRAPPER_NAME } from './wrapper.ts';

/**
 * Finds out where the processes with a data directory's identifier have their run folders, by the log and the FIFO that they hold
 * open. The kernel shows the current paths of open files, even after a parent folder was renamed. Blocks: 10 ms for 300 processes.
 *
 * @param dataDirId `null`: no identifier; only finds the identifier whose runs are in `directory`.
 * @param directory The data directory that counts as `here`.
 * @param known Known processes of the identifier, which may not show their tag.
 */
export function whereaboutsOf(
  dataDirId: string | null,
  directory: string,
  known: readonly ProcessIdentity[] = [],
): Whereabouts {
  const pids: number[] = [];
  const seen = new Set<Evidence>();
  let idHere: string | null = null;
  for (const [tag, processes] of taggedProcesses()) {
    const run = runOf(tag);
    if (run === null) continue;
    const runs = processes.flatMap(openRunsOf).filter(({ folder }) => folder === run.folder);
    const isAsked = run.dataDirId === dataDirId;
    if ((idHere === null || isAsked) && runs.some((each) => isInItsFolder(each, directory))) {
      idHere = run.dataDirId;
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
  const location = seen.size > 1 ? 'both' : ([...seen][0] ?? (pids.length === 0 ? 'none' : 'unclear'));
  return { location, pids, idHere };
}

/** Where a process has its run folder. */
type Evidence = 'here' | 'elsewhere';

/**
 * Groups pids by tag. A process without a readable tag gets the tag of the wrapper that leads its group. Programs with
 * capabilities show no tag, nor do programs that overwrite their environment with their title.
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

/** Reads a process's tag; `null`: it has or shows none. */
function tagOf(pid: number): string | null {
  const reading = readTag(pid);
  return typeof reading === 'object' ? reading.tag : null;
}

/** Filters known processes that live but do not show their tag: some programs overwrite their environment with their title. */
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
  /** Folder of the run, relative to its data directory. */
  folder: string;
}

function runOf(tag: string): TaggedRun | null {
  const [dataDirId, instance, nonce, ...more] = tag.split('.');
  if (!dataDirId || !instance || !nonce || more.length > 0) return null;
  return { dataDirId, folder: `instances/${instance}/runs/${nonce}` };
}

const DELETED = ' (deleted)';

interface OpenRun {
  /** The data directory; or the folder that contains its `instances`, if that is a link. */
  directory: string;
  /** Folder of the run, relative to `directory`. */
  folder: string;
  /** Whether the open file was deleted; its folders may be, too. */
  isDeleted: boolean;
}

const IN_A_RUN = /^(.+)\/(instances\/[^/]+\/runs\/[^/]+)\//;

/** Lists the runs whose files a process holds open. */
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
 * Compares the run's folder with the folder of this data directory; `null`: no evidence. A copy has another folder,
 * while a moved or linked directory has the same one. If a file was deleted, its closest parent folder that exists
 * decides. If the whole directory was deleted, the run counts as `here`: the directory was moved to another disk, or
 * restored.
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
 * Finds where a run without visible open files was started, by its wrapper's command line. If the path leads to another
 * folder, the run is elsewhere. If it leads to the folder here, that proves nothing: the folder may have got this path
 * later.
 */
function beganAt(pid: number, { folder }: TaggedRun, here: string): Evidence | null {
  const read = readProc(`/proc/${pid}/cmdline`);
  const [, , , name, began = ''] = read instanceof Buffer ? read.toString().split('\0') : [];
  if (name !== WRAPPER_NAME || !path.isAbsolute(began)) return null;
  const there = folderAt(began, '');
  return there === null || there === folderAt(here, folder) ? null : 'elsewhere';
}

/** Identifies a folder by device and inode; `null`: it does not exist. */
function folderAt(directory: string, folder: string): string | null {
  try {
    const found = statSync(path.join(directory, folder), { bigint: true, throwIfNoEntry: false });
    return found === undefined ? null : `${found.dev}:${found.ino}`;
  } catch (error) {
    if (codeOf(error) === null) throw error;
    return null;
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (codeOf(error) === null) throw error;
    return [];
  }
}

/** Reads a link; empty if it cannot be read. */
function targetOf(link: string): string {
  try {
    return readlinkSync(link);
  } catch (error) {
    if (codeOf(error) === null) throw error;
    return '';
  }
}
