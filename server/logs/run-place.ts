import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { LogReference, RunReference } from '../instances/ports.ts';
import { logEnd, START_FILE } from './layout.ts';

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
