import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { processExists } from '../living-process.ts';

/** A folder for unfinished files, removed with its content at the end of its `await using` block. */
export interface WorkFolder extends AsyncDisposable {
  path: string;
}

/**
 * Creates an empty folder beside `target`, so that its content can be renamed to `target`. Its name contains our pid:
 * folders left by a crash have a dead pid and are removed here.
 */
export async function makeWorkFolder(target: string): Promise<WorkFolder> {
  const parent = path.dirname(target);
  const prefix = `.${path.basename(target)}.partial-`;
  await mkdir(parent, { recursive: true });
  for (const name of await readdir(parent)) {
    const pid = name.startsWith(prefix) ? Number.parseInt(name.slice(prefix.length), 10) : Number.NaN;
    if (Number.isInteger(pid) && !processExists(pid)) await remove(path.join(parent, name));
  }
  const folder = await mkdtemp(path.join(parent, `${prefix}${process.pid}-`));
  return { path: folder, [Symbol.asyncDispose]: () => remove(folder) };
}

function remove(folder: string): Promise<void> {
  return rm(folder, { recursive: true, force: true, maxRetries: 3 });
}
