import { isCollection, isMap, isNode, isPair, isScalar } from 'yaml';
import type { Document, Pair, YAMLMap, YAMLSeq } from 'yaml';
import { lineStart } from './lines.ts';
import type { Notation } from './yaml-notation.ts';

/** A position in a YAML document that holds a value. */
export interface Slot {
  /** The map or list around it; `null`: it is the whole document. */
  owner: YAMLMap | YAMLSeq | null;
  /** The entry of a map; `null` in a list. */
  pair: Pair | null;
  node: unknown;
}

const DEFAULT_STEP = 2;

/** Detects the notation of a document. */
export function notationOf(document: Document, text: string): Notation {
  return {
    version: document.directives?.yaml.version ?? '1.2',
    isJson: isMap(document.contents) && isJson(document.contents),
    lineEnd: text.includes('\r\n') ? '\r\n' : '\n',
    step: ' '.repeat(stepOf(document, text)),
  };
}

/** Whether a map is written as JSON. */
function isJson(map: YAMLMap): boolean {
  const key = map.items[0]?.key;
  return map.flow === true && isScalar(key) && key.type === 'QUOTE_DOUBLE';
}

/** The indentation of the first section. */
function stepOf({ contents }: Document, text: string): number {
  if (!isMap(contents)) return DEFAULT_STEP;
  const sections = contents.items.map(({ value }) => value);
  const section = sections.find((value) => isMap(value) && value.flow !== true && value.items.length > 0);
  return (isMap(section) ? columnOf(section, text) : null) || DEFAULT_STEP;
}

/** The column of a block map's entries; `null`: other text is before them. */
export function columnOf(map: YAMLMap, text: string): number | null {
  const [first] = map.items;
  return first === undefined ? null : (indentOf(first, text)?.length ?? null);
}

/** The indentation of a block map's entry; `null`: other text is before it. */
export function indentOf(pair: Pair, text: string): string | null {
  const key = keyStart(pair);
  const indent = text.slice(lineStart(text, key), key);
  return indent.trim() === '' ? indent : null;
}

/** The start of an entry's key, without its anchor, tag and `?`. */
export function keyStart({ key }: Pair): number {
  return isNode(key) && key.range ? key.range[0] : 0;
}

/** Whether a slot is empty: `key:` or `key: # comment`. */
export function isEmpty(node: unknown): boolean {
  return !isNode(node) || (isScalar(node) && node.range?.[0] === node.range?.[1]);
}

/**
 * Where to insert the value of an entry without one: after the colon, and after an anchor or a tag. `isOpen`: the entry has
 * no colon.
 */
export function valueStart({ key, srcToken }: Pair): { offset: number; isOpen: boolean } {
  const tokens = srcToken && 'sep' in srcToken ? (srcToken.sep ?? []) : [];
  const last = tokens.findLast(({ type }) => type === 'map-value-ind' || type === 'anchor' || type === 'tag');
  if (last !== undefined) return { offset: last.offset + last.source.length, isOpen: false };
  return { offset: isNode(key) && key.range ? key.range[1] : 0, isOpen: true };
}

/** The end of an entry, without comments. */
export function pairEnd(pair: Pair, text: string): number {
  return isEmpty(pair.value) ? valueStart(pair).offset : nodeEnd(pair.value, text);
}

/** The end of a value, without comments. */
export function nodeEnd(node: unknown, text: string): number {
  if (!isNode(node) || !node.range) return 0;
  const [from, to] = node.range;
  if (isCollection(node) && node.flow !== true) {
    const last: unknown = node.items.at(-1);
    return isPair(last) ? pairEnd(last, text) : Math.max(from, nodeEnd(last, text));
  }
  // A block scalar includes its last line end.
  return from + text.slice(from, to).trimEnd().length;
}
