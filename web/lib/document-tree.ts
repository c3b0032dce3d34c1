import type { syntaxTree } from '@codemirror/language';

/** Finds places in a YAML or JSON text by its syntax tree, which also exists while the text has errors. */

type Tree = ReturnType<typeof syntaxTree>;
type Node = Tree['topNode'];

/** A part of a text. */
export interface Place {
  from: number;
  to: number;
}

/** Names of nodes in the grammars of YAML and JSON. */
const MAPS: ReadonlySet<string> = new Set(['BlockMapping', 'FlowMapping', 'Object']);
const FLOW_MAPS: ReadonlySet<string> = new Set(['FlowMapping', 'Object']);
const LISTS: ReadonlySet<string> = new Set(['BlockSequence', 'FlowSequence', 'Array']);
const PAIRS: ReadonlySet<string> = new Set(['Pair', 'Property']);
const KEYS: ReadonlySet<string> = new Set(['Key', 'PropertyName']);
/** Nodes that are no values. */
const MARKS: ReadonlySet<string> = new Set([':', ',', '-', '?', '{', '}', '[', ']', '⚠', 'Comment', 'Anchor', 'Tag']);

/**
 * Finds the value that a problem of the API is about.
 *
 * @param path As `errors[].path`: `instances[0].options.ctx_size`. Names of options may have dots.
 * @returns The setting, or else the nearest one around it that the text has; the first line if it has none.
 */
export function placeOf(tree: Tree, text: string, path: string): Place {
  const end = text.indexOf('\n');
  let place: Place = { from: 0, to: end === -1 ? text.length : end };
  let value = valueIn(tree.topNode);
  let rest = path;
  while (value !== null && rest !== '') {
    const next = LISTS.has(value.name) ? itemOf(value, rest) : memberOf(value, text, rest);
    if (next === null) return place;
    ({ place, value, rest } = next);
  }
  return place;
}

interface Step {
  place: Place;
  value: Node | null;
  rest: string;
}

function memberOf(map: Node, text: string, path: string): Step | null {
  let found: { pair: Node; key: Node; name: string } | null = null;
  for (const pair of childrenOf(map)) {
    const key = PAIRS.has(pair.name) ? keyOf(pair) : null;
    if (key === null) continue;
    const name = nameOf(key, text);
    const follows = path.startsWith(name) ? path.slice(name.length, name.length + 1) : null;
    const isOne = follows === '' || follows === '.' || follows === '[';
    // The longest name wins: `a.b` is one option, not the option `b` of `a`.
    if (isOne && (found === null || name.length > found.name.length)) found = { pair, key, name };
  }
  if (found === null) return null;
  const { pair, key, name } = found;
  const value = valueIn(pair);
  const isShort = value !== null && !/[\n{[]/.test(text.slice(key.from, value.to));
  return {
    place: { from: key.from, to: isShort ? value.to : key.to },
    value,
    rest: path.slice(name.length).replace(/^\./, ''),
  };
}

function itemOf(list: Node, path: string): Step | null {
  const index = /^\[(\d+)\]\.?/.exec(path);
  if (index === null) return null;
  const values = childrenOf(list).flatMap((child) => {
    const value = child.name === 'Item' ? valueIn(child) : MARKS.has(child.name) ? null : child;
    return value === null ? [] : [value];
  });
  const value = values[Number(index[1])];
  return value === undefined ? null : { place: firstLineOf(value), value, rest: path.slice(index[0].length) };
}

/** A whole map would be underlined; its first entry says enough. */
function firstLineOf(value: Node): Place {
  const first = MAPS.has(value.name) ? childrenOf(value).find(({ name }) => PAIRS.has(name)) : undefined;
  const { from, to } = first ?? value;
  return { from, to };
}

/**
 * Returns the names around a place where a key may be written: `['options']`. List items are `[]`.
 *
 * @param at The place where the key begins.
 * @returns `null`: a value stands there, not a key
 */
export function namesAround(tree: Tree, text: string, at: number): string[] | null {
  for (let node: Node | null = tree.resolveInner(at, -1), inner: Node | null = null; node !== null;) {
    if (FLOW_MAPS.has(node.name)) return isKeyPlace(inner, at) ? namesAbove(node, text) : null;
    if (node.name === 'FlowSequence' || node.name === 'Array') return null;
    inner = PAIRS.has(node.name) ? node : inner;
    node = node.parent;
  }
  return namesByIndent(text, at);
}

/** Whether a place is within the key of a pair, or between pairs. */
function isKeyPlace(pair: Node | null, at: number): boolean {
  const colon = pair?.getChild(':') ?? null;
  return colon === null || at <= colon.from;
}

function namesAbove(node: Node, text: string): string[] {
  const names: string[] = [];
  for (let above: Node | null = node.parent; above !== null; above = above.parent) {
    if (above.name === 'Item' || above.name === 'Array') names.unshift('[]');
    const key = PAIRS.has(above.name) ? keyOf(above) : null;
    if (key !== null) names.unshift(nameOf(key, text));
  }
  return names;
}

/** A line of block YAML: its indent, the dashes of list items, and its key. */
const BLOCK_LINE = /^( *)((?:- +)*)(?:(["']?)([^\s"'#:][^"'#:]*)\3 *:(?= |$))?/;

/** A block of YAML that is being written has no tree yet where its line is empty, so its indent decides. */
function namesByIndent(text: string, at: number): string[] | null {
  const begin = text.lastIndexOf('\n', at - 1) + 1;
  const before = text.slice(begin, at);
  if (!/^ *(?:- +)*$/.test(before)) return null;
  const lines = [...text.slice(0, begin).split('\n').slice(0, -1), before];
  const names: string[] = [];
  let column = before.length;
  for (const line of lines.toReversed()) {
    const [, indent = '', dashes = '', , key] = BLOCK_LINE.exec(line) ?? [];
    if (line.trim() === '' || line.trim().startsWith('#')) continue;
    const keyColumn = indent.length + dashes.length;
    const isItem = names[0] === '[]';
    // A list may stand in the column of its own key.
    if (key !== undefined && (keyColumn < column || (isItem && keyColumn === column))) {
      names.unshift(key);
      column = keyColumn;
    }
    if (dashes !== '' && keyColumn <= column && indent.length < column) {
      names.unshift('[]');
      column = indent.length;
    }
  }
  return names;
}

function childrenOf(node: Node): Node[] {
  const children: Node[] = [];
  for (let child = node.firstChild; child !== null; child = child.nextSibling) children.push(child);
  return children;
}

function keyOf(pair: Node): Node | null {
  return childrenOf(pair).find(({ name }) => KEYS.has(name)) ?? null;
}

/** The value in a document, a pair or an item. */
function valueIn(node: Node): Node | null {
  for (const child of childrenOf(node)) {
    if (child.name === 'Document') return valueIn(child);
    if (!KEYS.has(child.name) && !MARKS.has(child.name)) return child;
  }
  return null;
}

function nameOf(key: Node, text: string): string {
  return text.slice(key.from, key.to).replace(/^(["'])(.*)\1$/, '$2');
}
