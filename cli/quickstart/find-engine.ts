import { access, constants, stat } from 'node:fs/promises';
import path from 'node:path';

/** The places to look for llama-server. */
export interface EnginePlaces {
  /** The configured command: a path (with a slash), or a name to look for on PATH. */
  command: string;
  /** The value of PATH. */
  path: string | undefined;
  /** The path that quickstart installs to; need not exist. */
  installed: string;
}

/** The absolute path of the first executable llama-server: the configured one, else the installed one, else null. */
export async function findEngine({ command, path: searched, installed }: EnginePlaces): Promise<string | null> {
  const configured = command.includes('/')
    ? await executable(path.resolve(command))
    : await findProgram(command, searched);
  return configured ?? (await executable(installed));
}

/** Looks a program up on PATH; null if it is not there. Skips empty entries, which mean the current folder. */
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
    // missing, or not executable for us
    return null;
  }
}
