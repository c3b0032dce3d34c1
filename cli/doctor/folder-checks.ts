import { accessSync, constants, readdirSync, statSync, type Stats } from 'node:fs';
import path from 'node:path';
import type { Inspection } from '@llamactl/server/main';
import { bytes, count } from '../figures.ts';
import { doubtful, well, wrong, type Finding } from './finding.ts';
import { codeOf, reasonOf } from '../reason.ts';

/** Depth limit of the search for models: only a quick look. */
const DEEPEST = 4;
/** Limit for folders that are a whole disk. */
const MOST_ENTRIES = 20_000;

/**
 * Checks that the data directory is usable, private and has space.
 *
 * @param uid Our user id; `null`: the system has none.
 */
export async function checkDataDirectory(
  folder: string,
  uid: number | null,
  { disk }: Pick<Inspection, 'disk'>,
): Promise<Finding[]> {
  const check = 'data_dir';
  let found: Stats;
  try {
    found = statSync(folder);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') return [wrong(check, `${folder} cannot be looked at: ${reasonOf(error)}`)];
    const parent = existingParent(folder);
    return isWritable(parent)
      ? [well(check, `${folder} is not there yet; the server makes it`), await space(parent, disk)]
      : [
          wrong(
            check,
            `${folder} cannot be made: ${parent} is not writable for you`,
            'data_dir or --data-dir names another',
          ),
        ];
  }
  if (!found.isDirectory()) return [wrong(check, `${folder} is no folder`, 'data_dir or --data-dir names another')];
  return [ownership(check, folder, found, uid), await space(folder, disk)];
}

function ownership(check: string, folder: string, { uid: owner, mode }: Stats, uid: number | null): Finding {
  if (uid !== null && owner !== uid) {
    const message = `${folder} belongs to another user (${owner}); yours is ${uid}`;
    return wrong(check, message, 'run llamactl as that user, or give data_dir another folder');
  }
  if (!isWritable(folder)) return wrong(check, `${folder} is not writable for you`, `chmod u+rwx ${folder}`);
  const rights = `mode ${(mode & 0o777).toString(8).padStart(4, '0')}`;
  if ((mode & 0o022) !== 0) {
    return wrong(check, `${folder} can be written by others (${rights}), who can so become you`, `chmod 700 ${folder}`);
  }
  if ((mode & 0o077) !== 0) {
    return doubtful(check, `${folder} can be read by others (${rights}); it holds secrets`, `chmod 700 ${folder}`);
  }
  return well(check, `${folder}, ${rights}`);
}

async function space(folder: string, disk: Inspection['disk']): Promise<Finding> {
  const check = 'disk';
  const { available, level } = await disk(folder);
  const message = `${bytes(available)} are free for data_dir`;
  if (level === null) return well(check, message);
  const remedy = `free space: models are the large ones; du -sh ${folder}/* shows what is below data_dir`;
  return (level === 'error' ? wrong : doubtful)(check, `only ${message}`, remedy);
}

/** Checks the integrity of the database, also while a server uses it. @param folder The data directory. */
export function checkDatabase(folder: string, { database }: Pick<Inspection, 'database'>): Finding {
  const check = 'database';
  try {
    const found = database(folder);
    switch (found.is) {
      case 'none':
        return well(check, 'there is none yet; the server makes it');
      case 'unreadable':
        return doubtful(check, found.reason, `free space on the disk of ${folder}`);
      case 'whole':
        return well(check, `it is whole: ${bytes(found.bytes)}, schema version ${found.schema}`);
    }
  } catch (error) {
    return wrong(check, reasonOf(error), 'docs/backup.md tells how it is put back, or saved');
  }
}

/** Checks that the model folders contain models. */
export function checkModels(folders: readonly string[]): Finding {
  const check = 'models';
  const found = folders.map((folder) => ({ folder, files: modelFiles(folder) }));
  const there = found.filter(({ files }) => files !== null);
  const total = there.reduce((sum, { files }) => sum + (files ?? 0), 0);
  const list = folders.join(', ');
  if (total > 0)
    return well(check, `${count(total, 'model file')} below ${there.map(({ folder }) => folder).join(', ')}`);
  const what = there.length === 0 ? `there is no folder ${list}` : `no .gguf below ${list}`;
  return doubtful(
    check,
    what,
    `put model files there, or name your folder in models.dirs; any path works in llamactl create too`,
  );
}

/** The number of model files; `null`: no such folder, or we may not read it. */
function modelFiles(folder: string): number | null {
  let files = 0;
  let seen = 0;
  const queue = [{ folder, depth: 0 }];
  for (let next = queue.shift(); next !== undefined && seen < MOST_ENTRIES; next = queue.shift()) {
    try {
      for (const entry of readdirSync(next.folder, { withFileTypes: true })) {
        seen += 1;
        if (entry.isDirectory() && next.depth < DEEPEST) {
          queue.push({ folder: path.join(next.folder, entry.name), depth: next.depth + 1 });
        } else if (/\.gguf$/i.test(entry.name)) files += 1;
      }
    } catch (error) {
      if (codeOf(error) === null) throw error;
      if (next.depth === 0) return null;
    }
  }
  return files;
}

function existingParent(folder: string): string {
  const parent = path.dirname(folder);
  return parent === folder || statSync(parent, { throwIfNoEntry: false }) !== undefined
    ? parent
    : existingParent(parent);
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
    return true;
  } catch (error) {
    if (codeOf(error) === null) throw error;
    return false;
  }
}
