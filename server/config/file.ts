import { closeSync, constants, fstatSync, lstatSync, openSync, readFileSync } from 'node:fs';
import type { Stats } from 'node:fs';
import { join, resolve } from 'node:path';
import { ConfigError } from './config-error.ts';
import { parseConfig } from './config-document.ts';
import type { ConfigFile } from './config-document.ts';

/** Where to look, in order. */
export interface FileSearch {
  /** From `--config`. */
  flag: string | null;
  /** From `LLAMACTL_CONFIG`; empty counts as not set. */
  variable: string | undefined;
  home: string;
  cwd: string;
  /** Our user: a file in the working directory counts only when it is ours, or root's. */
  uid: number;
  /** Whether to look for `llamactl.yaml` in the working directory. */
  searchLocal: boolean;
  /** `/etc`. */
  systemFolder: string;
}

/**
 * Finds and reads the configuration file. A file that is named and cannot be read is a fatal error; the usual places may
 * be empty. `warnings` tell which file was passed over, and why.
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

/** Absolute path of the file that somebody asked for by name, there or not. */
export function namedFile({ flag, variable, cwd }: FileSearch): string | null {
  const named = flag ?? (variable || null);
  return named === null ? null : resolve(cwd, named);
}

/** Where our user's own file is, there or not. */
export function homeFile({ home }: FileSearch): string {
  return join(home, '.config', 'llamactl', 'config.yaml');
}

function readNamed(path: string, { flag, variable }: FileSearch): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const source = flag === null ? 'LLAMACTL_CONFIG' : '--config';
    throw new ConfigError([
      `${source}: the configuration file ${flag ?? variable} cannot be read (${messageOf(error)}).`,
    ]);
  }
}

function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (isMissing(error)) return null;
    throw new ConfigError([`The configuration file ${path} cannot be read (${messageOf(error)}).`]);
  }
}

/**
 * The working directory may be anybody's, `/tmp` for one, and the file decides which programs we run. So it counts only
 * when nobody else can have written it. The descriptor decides: it cannot be exchanged between a look and the reading.
 */
function readLocal(path: string, uid: number): { text: string } | { skipped: string } | null {
  let descriptor: number | null = null;
  try {
    // Before anything is opened: a file of somebody else's may be unreadable. A link of theirs could choose among ours.
    const foreign = distrust(lstatSync(path), uid);
    if (foreign !== null) return { skipped: foreign };
    // Without waiting: nobody may ever write into a named pipe.
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const skipped = distrust(fstatSync(descriptor), uid);
    return skipped === null ? { text: readFileSync(descriptor, 'utf8') } : { skipped };
  } catch (error) {
    if (isMissing(error)) return null;
    throw new ConfigError([`The configuration file ${path} cannot be read (${messageOf(error)}).`]);
  } finally {
    if (descriptor !== null) closeSync(descriptor);
  }
}

function distrust(stats: Stats, uid: number): string | null {
  if (stats.uid !== uid && stats.uid !== 0) return `it belongs to another user (uid ${stats.uid})`;
  // The mode of a link means nothing.
  if (stats.isSymbolicLink()) return null;
  if (!stats.isFile()) return 'it is no regular file';
  if ((stats.mode & 0o022) === 0) return null;
  const mode = (stats.mode & 0o777).toString(8).padStart(4, '0');
  return `others can write to it (mode ${mode}); chmod go-w would make it count`;
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
