import { errorWords, hasCode } from '@llamactl/contract/reason';
import { closeSync, constants, fstatSync, lstatSync, openSync, readFileSync } from 'node:fs';
import type { Stats } from 'node:fs';
import { join, resolve } from 'node:path';
import { ConfigError } from './config-error.ts';
import { parseConfig } from './config-document.ts';
import type { ConfigFile } from './config-document.ts';

/** Where to search for the file, in order. */
export interface FileSearch {
  /** From `--config`. */
  flag: string | null;
  /** From `LLAMACTL_CONFIG`; empty counts as not set. */
  variable: string | undefined;
  home: string;
  cwd: string;
  /** Our user: a file in the working directory is used only if this user or root owns it. */
  uid: number;
  /** Whether to search for `llamactl.yaml` in the working directory. */
  searchLocal: boolean;
  /** `/etc`. */
  systemFolder: string;
}

/**
 * Finds and reads the configuration file. An unreadable named file is a fatal error; the usual places may be empty.
 * `warnings` name a skipped file and the reason.
 *
 * Throws a {@link ConfigError}.
 */
export function readConfigFile(search: FileSearch): { file: ConfigFile | null; warnings: string[] } {
  const warnings: string[] = [];
  const named = namedFile(search);
  if (named !== null) return { file: parseConfig(named, readNamed(named, search)), warnings };

  if (search.searchLocal) {
    const path = join(search.cwd, LOCAL_FILE);
    const local = readLocal(path, search.uid);
    if (local && 'text' in local) return { file: parseConfig(path, local.text), warnings };
    if (local) warnings.push(`${path} was skipped: ${local.skipped}.`);
  }
  for (const path of [homeFile(search), join(search.systemFolder, 'llamactl', 'config.yaml')]) {
    const text = readIfThere(path);
    if (text !== null) return { file: parseConfig(path, text), warnings };
  }
  return { file: null, warnings };
}

const LOCAL_FILE = 'llamactl.yaml';

/** Absolute path of the file that was requested by name, whether it exists or not. */
export function namedFile({ flag, variable, cwd }: FileSearch): string | null {
  const named = flag ?? (variable || null);
  return named === null ? null : resolve(cwd, named);
}

/** Path of our user's own file, whether it exists or not. */
export function homeFile({ home }: FileSearch): string {
  return join(home, '.config', 'llamactl', 'config.yaml');
}

function readNamed(path: string, { flag, variable }: FileSearch): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const source = flag === null ? 'LLAMACTL_CONFIG' : '--config';
    throw new ConfigError([
      `${source}: the configuration file ${flag ?? variable} cannot be read (${errorWords(error)}).`,
    ]);
  }
}

function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (isMissing(error)) return null;
    throw new ConfigError([`The configuration file ${path} cannot be read (${errorWords(error)}).`]);
  }
}

/**
 * Reads a file of the working directory only if no other user can have written it: that folder may be shared, such as
 * `/tmp`, and the file decides which programs run. Checks the descriptor, so that the file cannot be swapped before the read.
 */
function readLocal(path: string, uid: number): { text: string } | { skipped: string } | null {
  let descriptor: number | null = null;
  try {
    // Check before opening: another user's file may be unreadable, and another user's link could select any of our
    // files.
    const foreign = distrust(lstatSync(path), uid);
    if (foreign !== null) return { skipped: foreign };
    // Open without waiting: a named pipe may never get a writer.
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const skipped = distrust(fstatSync(descriptor), uid);
    return skipped === null ? { text: readFileSync(descriptor, 'utf8') } : { skipped };
  } catch (error) {
    if (isMissing(error)) return null;
    throw new ConfigError([`The configuration file ${path} cannot be read (${errorWords(error)}).`]);
  } finally {
    if (descriptor !== null) closeSync(descriptor);
  }
}

function distrust(stats: Stats, uid: number): string | null {
  if (stats.uid !== uid && stats.uid !== 0) return `it belongs to another user (uid ${stats.uid})`;
  // The mode of a link means nothing.
  if (stats.isSymbolicLink()) return null;
  if (!stats.isFile()) return 'it is not a regular file';
  if ((stats.mode & 0o022) === 0) return null;
  const mode = (stats.mode & 0o777).toString(8).padStart(4, '0');
  return `others can write to it (mode ${mode}); chmod go-w would make it count`;
}

function isMissing(error: unknown): boolean {
  return hasCode(error, ['ENOENT', 'ENOTDIR']);
}
