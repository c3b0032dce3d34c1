import type { Stats } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { codeOf } from '@llamactl/contract/reason';
import { isRecord } from '@llamactl/contract/record';

/** Longest file of another program that is read, in bytes. */
const LONGEST = 1024 * 1024;

/** The status of a file, also behind a link; `null`: it does not exist, or may not be read. */
export async function statOf(file: string): Promise<Stats | null> {
  try {
    return await stat(file);
  } catch (error) {
    if (codeOf(error) === null) throw error;
    // Deleted meanwhile, or a link that leads nowhere.
    return null;
  }
}

/** The text of a small file of another program; `null`: it is missing, too long or no regular file. */
export async function textOf(file: string): Promise<string | null> {
  const found = await statOf(file);
  if (found?.isFile() !== true || found.size > LONGEST) return null;
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (codeOf(error) === null) throw error;
    return null;
  }
}

/** The object in a JSON file of another program; empty if there is none. */
export async function jsonOf(file: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    const value: unknown = JSON.parse((await textOf(file)) ?? '{}');
    return isRecord(value) ? value : {};
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}
