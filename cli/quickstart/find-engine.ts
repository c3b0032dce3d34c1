import { access, constants, stat } from 'node:fs/promises';
import path from 'node:path';

/** Where a llama-server may be. */
export interface EnginePlaces {
  /** The configured command: a path (with a slash), or a name to look for on PATH. */
  command: string;
  /** The value of PATH. */
  path: string | undefined;
  /** The one that quickstart installs; need not exist. */
  installed: string;
}

/** The absolute path of the first llama-server that can be run: the configured one, else the installed one, else null. */
export async function findEngine({ command, path: searched, installed }: EnginePlaces): Promise<string | null> {
  const configured = command.includes('/')
    ? await executable(path.resolve(command))
    : await findProgram(command, searched);
  return configured ?? (await executable(installed));
}

/** The absolute path of the program that PATH gives for a name, or null. Empty entries (the current folder) are skipped. */
export async function findProgram(name: string, searched: string | undefined): Promise<string | null> {
  if (name === '') return null;
  for (const folder of (searched ?? '').split(path.delimiter)) {
    const found = folder === '' ? null : await executable(path.resolve(folder, name));
    if (found !== null) return found;
  }
  return null;
}

async function executable(file: string): Promise<string | null> {
  try {
    await access(file, constants.X_OK);
    // folders are executable too
    return (await stat(file)).isFile() ? file : null;
  } catch {
    // not there, or not for us to run: either way none
    return null;
  }
}
