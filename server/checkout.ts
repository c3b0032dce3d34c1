import { readFileSync } from 'node:fs';
import path from 'node:path';

const HASH = /^[0-9a-f]{40,64}$/;

/**
 * Finds the commit that is checked out in a folder. Reads git's own files, because git may not be installed.
 *
 * @returns `null`: the folder is not a checkout, or git stores the commit in an unsupported way
 */
export function checkedOutCommit(folder: string): string | null {
  const repository = gitFolder(folder);
  const head = textOf(path.join(repository, 'HEAD')) ?? '';
  const [, reference] = /^ref: (.+)$/.exec(head) ?? [];
  if (reference === undefined) return HASH.test(head) ? head : null;
  // A linked worktree has its own HEAD, and shares branches with the main one.
  const common = path.resolve(repository, textOf(path.join(repository, 'commondir')) ?? '.');
  const loose = textOf(path.join(common, reference));
  if (loose !== null) return HASH.test(loose) ? loose : null;
  return packedCommit(textOf(path.join(common, 'packed-refs')) ?? '', reference);
}

/** Returns `.git`, or the folder that a file of that name refers to. */
function gitFolder(folder: string): string {
  const place = path.join(folder, '.git');
  const [, elsewhere] = /^gitdir: (.+)$/.exec(textOf(place) ?? '') ?? [];
  return elsewhere === undefined ? place : path.resolve(folder, elsewhere);
}

function packedCommit(list: string, reference: string): string | null {
  for (const line of list.split('\n')) {
    const [hash = '', name] = line.split(' ');
    if (name === reference && HASH.test(hash)) return hash;
  }
  return null;
}

/** @returns `null`: it cannot be read */
function textOf(file: string): string | null {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    if (error instanceof Error) return null;
    throw error;
  }
}
