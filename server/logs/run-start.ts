import type { Stats } from 'node:fs';
import { stat, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { RUN_LOG, type LogReference } from '../instances/ports/run-output.ts';
import type { RunReference } from '../instances/ports/runs.ts';
import { unlessMissing } from './file-error.ts';
import { START_FILE, logEnd } from './layout.ts';

/** The wrapper writes this file into the run's folder right after forking the engine. */
const PID_FILE = 'PID';

/**
 * When a run's engine was launched, in milliseconds since the epoch, according to the files in its folder; 0: no file
 * shows it.
 */
export async function runStart(folder: string): Promise<number> {
  const written = (await statsOf(folder, PID_FILE)) ?? (await statsOf(folder, START_FILE));
  if (written !== null) return Math.floor(written.mtimeMs);
  const log = await statsOf(folder, RUN_LOG);
  if (log === null) return 0;
  // a file system that does not record creation times returns 0
  return Math.floor(log.birthtimeMs > 0 ? log.birthtimeMs : log.mtimeMs);
}

/** {@link runStart} with a cache, for one read of a log. */
export function createRunStarts(): (folder: string) => Promise<number> {
  const known = new Map<string, Promise<number>>();
  return (folder) => {
    const start = known.get(folder) ?? runStart(folder);
    known.set(folder, start);
    return start;
  };
}

function statsOf(folder: string, name: string): Promise<Stats | null> {
  return unlessMissing(stat(path.join(folder, name)));
}

/**
 * Stores a run's start position, which is the end of its instance's log. Costs a few file operations, whatever the log's
 * size.
 *
 * @throws {Error} of the system, when the position cannot be written
 */
export async function writeRunPlace(log: LogReference, run: RunReference): Promise<void> {
  const place = await logEnd(log.folder, path.basename(run.folder));
  await mkdir(run.folder, { recursive: true, mode: 0o700 });
  await writeFile(path.join(run.folder, START_FILE), `${place}\n`, { mode: 0o600 });
}
