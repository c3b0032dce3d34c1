import { closeSync, constants, fstatSync, lstatSync, openSync, readFileSync } from 'node:fs';
import type { Stats } from 'node:fs';
import { join, resolve } from 'node:path';
import { LineCounter, isAlias, isMap, isNode, isScalar, isSeq, parseDocument } from 'yaml';
import type { Document } from 'yaml';
import { ConfigError } from './config-error.ts';

/** A configuration file that was read; nothing in it is checked yet but that it is YAML. */
export interface ConfigFile {
  /** Absolute. */
  path: string;
  values: Record<string, unknown>;
  /** `file:line` of a key, or of the innermost of its sections that the file has. */
  locate(path: readonly PropertyKey[]): string;
}

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
  const named = search.flag ?? (search.variable || null);
  if (named !== null) return { file: parse(resolve(search.cwd, named), readNamed(named, search)), warnings };

  if (search.searchLocal) {
    const path = join(search.cwd, LOCAL_FILE);
    const local = readLocal(path, search.uid);
    if (local && 'text' in local) return { file: parse(path, local.text), warnings };
    if (local) warnings.push(`${path} was skipped: ${local.skipped}.`);
  }
  for (const path of [
    join(search.home, '.config', 'llamactl', 'config.yaml'),
    join(search.systemFolder, 'llamactl', 'config.yaml'),
  ]) {
    const text = readIfThere(path);
    if (text !== null) return { file: parse(path, text), warnings };
  }
  return { file: null, warnings };
}

const LOCAL_FILE = 'llamactl.yaml';

function readNamed(path: string, { flag, cwd }: FileSearch): string {
  try {
    return readFileSync(resolve(cwd, path), 'utf8');
  } catch (error) {
    const source = flag === null ? 'LLAMACTL_CONFIG' : '--config';
    throw new ConfigError([`${source}: the configuration file ${path} cannot be read (${messageOf(error)}).`]);
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

function parse(path: string, text: string): ConfigFile {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: 'error' });
  const place = (offset: number): string => `${path}:${lines.linePos(offset).line}`;
  // A tag that YAML does not know is only a warning to the parser; to us it is a value that we would misread.
  const problems = [...document.errors, ...document.warnings];
  if (problems.length > 0) throw new ConfigError(problems.map(({ pos, message }) => `${place(pos[0])}: ${message}.`));
  return {
    path,
    values: valuesOf(document, path),
    locate: (steps) => {
      const offset = offsetOf(document, steps);
      return offset === null ? path : place(offset);
    },
  };
}

function valuesOf(document: Document, path: string): Record<string, unknown> {
  let values: unknown;
  try {
    values = document.toJS();
  } catch (error) {
    throw new ConfigError([`${path}: ${messageOf(error)}.`]);
  }
  // An empty file, or one of comments only.
  if (values === null) return {};
  if (isMap(document.contents)) return values as Record<string, unknown>;
  throw new ConfigError([`${path}: must be a map of sections, such as "server:", not a single value or a list.`]);
}

/** Where in the text a key starts; as far as the path goes. */
function offsetOf(document: Document, path: readonly PropertyKey[]): number | null {
  let node: unknown = document.contents;
  let offset: number | null = null;
  for (const step of path) {
    if (isAlias(node)) node = node.resolve(document);
    let start: unknown;
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => String(isScalar(key) ? key.value : key) === String(step));
      [start, node] = [pair?.key, pair?.value];
    } else if (isSeq(node)) {
      node = node.items[Number(step)];
      start = node;
    }
    if (!isNode(start) || !start.range) break;
    offset = start.range[0];
  }
  return offset;
}
