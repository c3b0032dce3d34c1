import { readFileSync } from 'node:fs';

/** Of the users that the machine lists itself; a directory service may know others. */
const USERS = '/etc/passwd';
const HOME_FIELD = 5;

/** Homes of the users of this machine, absolute, each once. Empty where the list cannot be read. */
export function userHomes(file: string = USERS): string[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    // Not every system has the list. Root can name the data directory instead.
    return [];
  }
  const homes = text.split('\n').map((line) => line.split(':')[HOME_FIELD] ?? '');
  return [...new Set(homes.filter((home) => home.startsWith('/')))];
}
