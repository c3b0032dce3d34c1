import { readFileSync } from 'node:fs';

/** Local users; a directory service may have others. */
const USERS = '/etc/passwd';
const HOME_FIELD = 5;

/** Home directories of this machine's users, absolute, each once. Empty where the list cannot be read. */
export function userHomes(file: string = USERS): string[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    // Not every system has this file. Root can give the data directory instead.
    return [];
  }
  const homes = text.split('\n').map((line) => line.split(':')[HOME_FIELD] ?? '');
  return [...new Set(homes.filter((home) => home.startsWith('/')))];
}
