import { LineCounter, isAlias, isMap, isNode, isScalar, isSeq, parseDocument } from 'yaml';
import type { Document } from 'yaml';
import { ConfigError } from './config-error.ts';

/** A configuration file that was read; nothing in it is checked yet but that it is YAML. */
export interface ConfigFile {
  /** Absolute. */
  path: string;
  /** All of it, as it was read. */
  text: string;
  values: Record<string, unknown>;
  /** `file:line` of a key, or of the innermost of its sections that the file has. */
  locate: (path: readonly PropertyKey[]) => string;
  /** The line of a key itself, from 1; `null`: it is not written out. */
  lineOf: (path: readonly PropertyKey[]) => number | null;
}

/** Throws a {@link ConfigError} with every fault of the YAML. */
export function parseConfig(path: string, text: string): ConfigFile {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: 'error' });
  const place = (offset: number): string => `${path}:${lines.linePos(offset).line}`;
  // A tag that YAML does not know is only a warning to the parser; to us it is a value that we would misread.
  const problems = [...document.errors, ...document.warnings];
  if (problems.length > 0) throw new ConfigError(problems.map(({ pos, message }) => `${place(pos[0])}: ${message}.`));
  return {
    path,
    text,
    values: valuesOf(document, path),
    locate: (steps) => {
      const offset = offsetsOf(document, steps).at(-1);
      return offset === undefined ? path : place(offset);
    },
    lineOf: (steps) => {
      const offset = offsetsOf(document, steps)[steps.length - 1];
      return offset === undefined ? null : lines.linePos(offset).line;
    },
  };
}

function valuesOf(document: Document, path: string): Record<string, unknown> {
  let values: unknown;
  try {
    values = document.toJS();
  } catch (error) {
    throw new ConfigError([`${path}: ${error instanceof Error ? error.message : String(error)}.`]);
  }
  // An empty file, or one of comments only.
  if (values === null) return {};
  if (isMap(document.contents)) return values as Record<string, unknown>;
  throw new ConfigError([`${path}: must be a map of sections, such as "server:", not a single value or a list.`]);
}

/** Where in the text each step of a path starts; as far as the path goes. */
function offsetsOf(document: Document, path: readonly PropertyKey[]): number[] {
  let node: unknown = document.contents;
  const offsets: number[] = [];
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
    offsets.push(start.range[0]);
  }
  return offsets;
}
