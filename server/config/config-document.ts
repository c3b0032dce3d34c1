import { foreignFormat } from '@llamactl/contract/foreign-format';
import { reasonOf } from '@llamactl/contract/reason';
import { LineCounter, isMap, parseDocument } from 'yaml';
import type { Document } from 'yaml';
import { offsetsOf } from '../yaml-places.ts';
import { ConfigError } from './config-error.ts';

/** A configuration file that was parsed as YAML; its values are not checked yet. */
export interface ConfigFile {
  /** Absolute. */
  path: string;
  /** The whole text. */
  text: string;
  values: Record<string, unknown>;
  /** `file:line` of a key. If the file does not have the key: of its innermost section that the file has. */
  locate: (path: readonly PropertyKey[]) => string;
  /** The line of the key itself, from 1; `null`: the file does not contain the key. */
  lineOf: (path: readonly PropertyKey[]) => number | null;
}

/** Throws a {@link ConfigError} with every fault of the YAML. */
export function parseConfig(path: string, text: string): ConfigFile {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: 'error' });
  const place = (offset: number): string => `${path}:${lines.linePos(offset).line}`;
  // An unknown tag is only a warning of the parser, but its value would be misread.
  const problems = [...document.errors, ...document.warnings];
  if (problems.length > 0) {
    refuseForeign(path, text, undefined);
    throw new ConfigError(problems.map(({ pos, message }) => `${place(pos[0])}: ${message}.`));
  }
  return {
    path,
    text,
    values: valuesOf(document, path, text),
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

function refuseForeign(path: string, text: string, values: unknown): void {
  const format = foreignFormat(text, values);
  if (format !== null) throw new ConfigError([`${path} ${format}.`]);
}

function valuesOf(document: Document, path: string, text: string): Record<string, unknown> {
  let values: unknown;
  try {
    values = document.toJS();
  } catch (error) {
    throw new ConfigError([`${path}: ${reasonOf(error)}.`]);
  }
  // An empty file, or one with only comments.
  if (values === null) return {};
  refuseForeign(path, text, values);
  if (isMap(document.contents)) return values as Record<string, unknown>;
  throw new ConfigError([`${path}: must be a map of sections, such as "server:", not a single value or a list.`]);
}
