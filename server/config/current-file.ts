import { statSync } from 'node:fs';
import type { ConfigFile } from './config-document.ts';
import { homeFile, namedFile, readConfigFile } from './file.ts';
import type { ConfigOrigin } from './load.ts';

/** The file that the next start will read. */
export interface CurrentFile {
  /** `null`: no file exists, and none was requested by name. */
  file: ConfigFile | null;
  /** Path of the file, or of a new one. */
  path: string;
  /** Whether the file can be replaced, unlike a pipe. */
  isRegular: boolean;
  /** Whether a file requested by name is gone, so that the next start will fail. */
  isGone: boolean;
}

/**
 * Searches for the file again, as at startup. A named file that is not regular (`--config <(…)`) can be read only
 * once, so the content read at startup is used.
 *
 * Throws a ConfigError when the file cannot be read, or is not valid YAML.
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
    // A folder above it is not accessible. Reading the file reports that in a sentence.
    return 'file';
  }
}
