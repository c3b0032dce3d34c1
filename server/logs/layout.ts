import { codeOf } from '@llamactl/contract/reason';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { RUN_LOG } from '../instances/ports/run-output.ts';

/**
 * The file layout of logs. The output of one run is a sequence of bytes in several files of the run's folder: `log`, to
 * which the engine appends, and archives, to which rotation moved earlier output. The output of an instance is the output
 * of its runs, one after the other. A position in it (`place` in the code) is a `seq` of the API.
 *
 * Listing is synchronous inside: fifteen runs with fifty archives take 1 ms, with promises 20 ms.
 */

/** Name of a file in the run's folder. It holds the position in the instance's log at which the run's output begins. */
export const START_FILE = 'SEQ';

/** A file with bytes `from` … `to` of a run's output, whole lines. */
export interface Archive {
  file: string;
  from: number;
  to: number;
  /**
   * True: `log` was cut after this archive, so the first byte of `log` is number `to`. False: a rotation was
   * interrupted before the cut, and `log` still has the same bytes; or the whole run was dropped.
   */
  cut: boolean;
  /** Size of the file. Less than `to - from`: the content was dropped, and only the name records its range. */
  size: number;
}

/** The output of one run, according to its files. */
export interface RunOutput {
  folder: string;
  /** Number of the run within its instance. */
  number: number;
  /** Position of the run's first byte in the instance's log. */
  start: number;
  /** Oldest first. */
  archives: Archive[];
  /** The file that the engine appends to; it may not exist. */
  live: string;
  /** Bytes before this number are in archives or dropped. */
  liveFrom: number;
  /** Number of the live file's first byte. A byte's offset in the file is its number minus this. */
  shift: number;
  /** Bytes written so far. */
  end: number;
}

const ARCHIVE = /^log\.(\d+)-(\d+)(\.cut)?$/;

/** Name of the archive with bytes `from` … `to`. */
export function archiveName({ from, to, cut }: Pick<Archive, 'from' | 'to' | 'cut'>): string {
  return `${RUN_LOG}.${from}-${to}${cut ? '.cut' : ''}`;
}

/**
 * Lists the runs of a log, oldest first. A run without a readable start (the disk was full, or an older llamactl made
 * the run) begins where the previous one ends.
 *
 * @param folder Folder with the folders of the instance's runs, each named `<number>-…`.
 */
export async function listRuns(folder: string): Promise<RunOutput[]> {
  const runs: RunOutput[] = [];
  for (const { name, number } of runFolders(folder)) {
    const before = runs.at(-1);
    runs.push(await readRun(path.join(folder, name), number, before === undefined ? 0 : before.start + before.end));
  }
  return runs;
}

/**
 * The position after all output of a log. Reads only as many runs as needed, usually one.
 *
 * @param except Name of a run's folder to ignore.
 */
export async function logEnd(folder: string, except: string): Promise<number> {
  const names = runFolders(folder).filter(({ name }) => name !== except);
  let behind = 0;
  for (const { name, number } of names.toReversed()) {
    const { start, end } = await readRun(path.join(folder, name), number, -1);
    behind += end;
    if (start !== -1) return start + behind;
  }
  return behind;
}

/** Oldest first. */
function runFolders(folder: string): { name: string; number: number }[] {
  const names = namesIn(folder).filter((name) => /^\d+-/.test(name));
  const numbered = names.map((name) => ({ name, number: Number.parseInt(name, 10) }));
  return numbered.toSorted((one, other) => one.number - other.number);
}

/** @param fallbackStart Start of the run if its start file has none. */
export async function readRun(folder: string, number: number, fallbackStart: number): Promise<RunOutput> {
  // read the live file's size first: output written meanwhile comes after it
  const live = path.join(folder, RUN_LOG);
  const liveSize = sizeOf(live);
  const archives = archivesIn(folder);
  const liveFrom = Math.max(0, ...archives.map(({ to }) => to));
  const shift = Math.max(0, ...archives.filter(({ cut }) => cut).map(({ to }) => to));
  const start = readStart(folder) ?? fallbackStart;
  return { folder, number, start, archives, live, liveFrom, shift, end: Math.max(liveFrom, shift + liveSize) };
}

function archivesIn(folder: string): Archive[] {
  const archives: Archive[] = [];
  for (const name of namesIn(folder)) {
    const [, from, to, cut] = ARCHIVE.exec(name) ?? [];
    if (from === undefined || to === undefined) continue;
    const file = path.join(folder, name);
    archives.push({ file, from: Number(from), to: Number(to), cut: cut !== undefined, size: sizeOf(file) });
  }
  return archives.toSorted((one, other) => one.from - other.from);
}

function readStart(folder: string): number | null {
  const text = unlessMissing(() => readFileSync(path.join(folder, START_FILE), 'latin1'));
  // valid only with its line feed: on a full disk the file may be empty or cut
  return text !== null && /^\d+\n$/.test(text) ? Number.parseInt(text, 10) : null;
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

function namesIn(folder: string): string[] {
  return unlessMissing(() => readdirSync(folder)) ?? [];
}

function unlessMissing<Value>(read: () => Value): Value | null {
  try {
    return read();
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
}
