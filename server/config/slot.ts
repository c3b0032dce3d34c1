import { isCollection, isMap, isNode, isPair, isScalar } from 'yaml';
import type { Document, Pair, YAMLMap, YAMLSeq } from 'yaml';
import { lineStart } from './lines.ts';
import type { Notation } from './yaml-notation.ts';

/** A place in a YAML document that holds a value. */
export interface Slot {
  /** What it is in; `null`: it is the whole document. */
  owner: YAMLMap | YAMLSeq | null;
  /** The entry of a map; `null` in a list. */
  pair: Pair | null;
  node: unknown;
}

const DEFAULT_STEP = 2;

/** How a document is written. */
export function notationOf(document: Document, text: string): Notation {
  return {
    version: document.directives?.yaml.version ?? '1.2',
    isJson: isMap(document.contents) && isJson(document.contents),
    lineEnd: text.includes('\r\n') ? '\r\n' : '\n',
    step: ' '.repeat(stepOf(document, text)),
  };
}

/** Whether a map is written as in JSON. */
function isJson(map: YAMLMap): boolean {
  const key = map.items[0]?.key;
  return map.flow === true && isScalar(key) && key.type === 'QUOTE_DOUBLE';
}

/** As the first section is indented. */
function stepOf({ contents }: Document, text: string): number {
  if (!isMap(contents)) return DEFAULT_STEP;
  const sections = contents.items.map(({ value }) => value);
  const section = sections.find((value) => isMap(value) && value.flow !== true && value.items.length > 0);
  return (isMap(section) ? columnOf(section, text) : null) || DEFAULT_STEP;
}

/** How far the entries of a block map are indented; `null`: something else is before them. */
export function columnOf(map: YAMLMap, text: string): number | null {
  const [first] = map.items;
  return first === undefined ? null : (indentOf(first, text)?.length ?? null);
}

/** What an entry of a block map is indented by; `null`: something else is before it. */
export function indentOf(pair: Pair, text: string): string | null {
  const key = keyStart(pair);
  const indent = text.slice(lineStart(text, key), key);
  return indent.trim() === '' ? indent : null;
}

/** Where an entry's key starts, its anchor and tag and a `?` left out. */
export function keyStart({ key }: Pair): number {
  return isNode(key) && key.range ? key.range[0] : 0;
}

/** Whether a slot has nothing in it: `key:` or `key: # comment`. */
export function isEmpty(node: unknown): boolean {
  return !isNode(node) || (isScalar(node) && node.range?.[0] === node.range?.[1]);
}

/**
 * Where an entry's value begins when it has none yet: behind the colon, and behind an anchor or a tag. `isOpen`: there is
 * no colon.
 */
export function valueStart({ key, srcToken }: Pair): { offset: number; isOpen: boolean } {
  const tokens = srcToken && 'sep' in srcToken ? (srcToken.sep ?? []) : [];
  const last = tokens.findLast(({ type }) => type === 'map-value-ind' || type === 'anchor' || type === 'tag');
  if (last !== undefined) return { offset: last.offset + last.source.length, isOpen: false };
  return { offset: isNode(key) && key.range ? key.range[1] : 0, isOpen: true };
}

/** Where an entry ends, comments left out. */
export function pairEnd(pair: Pair, text: string): number {
  return isEmpty(pair.value) ? valueStart(pair).offset : nodeEnd(pair.value, text);
}

/** Where a value ends, comments left out. */
export function nodeEnd(node: unknown, text: string): number {
  if (!isNode(node) || !node.range) return 0;
  const [from, to] = node.range;
  if (isCollection(node) && node.flow !== true) {
    const last: unknown = node.items.at(-1);
    return isPair(last) ? pairEnd(last, text) : Math.max(from, nodeEnd(last, text));
  }
  // The lines of a block scalar end with a line end that is part of it.
  return from + text.slice(from, to).trimEnd().length;
}
