import { statSync } from 'node:fs';
import type { ConfigFile } from './config-document.ts';
import { homeFile, namedFile, readConfigFile } from './file.ts';
import type { ConfigOrigin } from './load.ts';

/** The file that the next start will find. */
export interface CurrentFile {
  /** `null`: there is none, and nobody asked for one by name. */
  file: ConfigFile | null;
  /** Where it is, or where one is to be made. */
  path: string;
  /** Whether it is a file that can be replaced, and no pipe. */
  isRegular: boolean;
  /** Somebody asked for it by name, and it is gone: the next start will fail. */
  isGone: boolean;
}

/**
 * Looks for the file again, as at the start. A file by name that is no regular one (`--config <(…)`) can be read only
 * once: it counts as it was.
 *
 * Throws a ConfigError when it cannot be read, or is no YAML.
 */
export function currentFile({ search, file: first }: ConfigOrigin): CurrentFile {
  const named = namedFile(search);
  const stats = named === null ? undefined : statIfAllowed(named);
  if (named !== null && stats === 'missing') return { file: null, path: named, isRegular: true, isGone: true };
  if (named !== null && stats === 'special') return { file: first, path: named, isRegular: false, isGone: false };
  const { file } = readConfigFile(search);
  return { file, path: file?.path ?? homeFile(search), isRegular: true, isGone: false };
}

function statIfAllowed(path: string): 'missing' | 'special' | 'file' {
  try {
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats === undefined) return 'missing';
    return stats.isFile() ? 'file' : 'special';
  } catch {
    // A folder above it is closed to us. Reading says so, in words for people.
    return 'file';
  }
}
