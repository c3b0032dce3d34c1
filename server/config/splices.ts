import { isCollection, isNode, isScalar } from 'yaml';
import type { Node, YAMLMap, YAMLSeq } from 'yaml';
import { isFirstInLine, lineEnd, lineStart, withoutLines } from './lines.ts';
import type { Splice } from './lines.ts';
import { isRecord } from '@llamactl/contract/record';
import type { Values } from './record.ts';
import { columnOf, indentOf, isEmpty, keyStart, nodeEnd, pairEnd, valueStart } from './slot.ts';
import type { Slot } from './slot.ts';
import { blockEntry, flowEntry, flowText } from './yaml-notation.ts';
import type { Notation } from './yaml-notation.ts';

/** Turns changes of a YAML text into splices; `null`: the text cannot be changed this way. */

/** Puts a value into a slot, empty or not. */
export function replaced(slot: Slot, text: string, value: unknown, notation: Notation): Splice[] | null {
  const { owner, pair, node } = slot;
  if (owner === null) return isEmpty(node) && isRecord(value) ? [begun(text, value, notation)] : null;
  const isBlock = isNode(node) && isCollection(node) && node.flow !== true;
  if (!isEmpty(node) && !isBlock) {
    const style = isScalar(node) ? node.type : null;
    const from = startOf(node);
    return [{ from, to: nodeEnd(node, text), text: flowText(value, notation, style) }];
  }
  if (pair === null) return null;
  const { offset, isOpen } = valueStart(pair);
  const indent = indentOf(pair, text);
  // `? key`, whose value would be on another line.
  if (owner.flow !== true && (isOpen || indent === null)) return null;
  const old = isBlock ? [withoutLines(text, startOf(node), nodeEnd(node, text))] : [];
  if (owner.flow !== true && isRecord(value) && Object.keys(value).length > 0) {
    const line = lineEnd(text, offset);
    return [...old, insertion(line, lines(value, (indent ?? '') + notation.step, notation))];
  }
  const written = `${isOpen ? ':' : ''} ${flowText(value, notation)}`;
  return [...old, insertion(offset, written)];
}

/** Inserts the first section into a text that is empty or has only comments. */
function begun(text: string, value: Values, notation: Notation): Splice {
  const end = /^\.\.\.(?=\s|$)/m.exec(text)?.index ?? text.length;
  const block = lines(value, '', notation);
  const isFirst = lineStart(text, end) === end;
  const inLines = block.slice(notation.lineEnd.length) + notation.lineEnd;
  return insertion(end, isFirst ? inLines : block);
}

/** Entries as lines that follow another line. */
function lines(values: Values, indent: string, notation: Notation): string {
  return Object.entries(values)
    .map(([key, value]) => notation.lineEnd + blockEntry(key, value, indent, notation))
    .join('');
}

/** Adds entries after the last one of a map. @param values Values of the whole map. */
export function added(
  map: YAMLMap,
  text: string,
  keys: readonly string[],
  values: Values,
  notation: Notation,
): Splice[] | null {
  const last = map.items.at(-1);
  if (map.flow !== true) {
    const column = columnOf(map, text);
    if (last === undefined || column === null) return null;
    const at = lineEnd(text, pairEnd(last, text));
    const entries = Object.fromEntries(keys.map((key) => [key, values[key]]));
    return [insertion(at, lines(entries, ' '.repeat(column), notation))];
  }
  const entries = keys.map((key) => flowEntry(key, values[key], notation)).join(', ');
  const from = startOf(map);
  const to = nodeEnd(map, text);
  if (last !== undefined) return [insertion(pairEnd(last, text), `, ${entries}`)];
  if (text.slice(from + 1, to - 1).trim() === '') return [{ from, to, text: `{ ${entries} }` }];
  return [insertion(from + 1, ` ${entries}`)];
}

/** Inserts items into a list that is not empty. */
export function inserted(
  list: YAMLSeq,
  text: string,
  at: number,
  items: readonly unknown[],
  notation: Notation,
): Splice[] | null {
  const before = list.items[at - 1];
  const after = list.items[at];
  const written = items.map((item) => flowText(item, notation));
  if (list.flow === true) {
    if (isNode(before)) return [insertion(nodeEnd(before, text), written.map((item) => `, ${item}`).join(''))];
    return isNode(after) ? [insertion(startOf(after), written.map((item) => `${item}, `).join(''))] : null;
  }
  const dash = startOf(list);
  if (!isFirstInLine(text, dash)) return null;
  const indent = text.slice(lineStart(text, dash), dash);
  const block = written.map((item) => `${indent}- ${item}`);
  if (before === undefined)
    return [insertion(lineStart(text, dash), block.map((item) => item + notation.lineEnd).join(''))];
  return [insertion(lineEnd(text, nodeEnd(before, text)), block.map((item) => notation.lineEnd + item).join(''))];
}

/** Removes an entry of a map or an item of a list, together with a line that holds nothing else. */
export function removed({ owner, pair, node }: Slot, text: string): Splice[] | null {
  if (owner === null) return null;
  const from = pair === null ? startOf(node) : keyStart(pair);
  const to = pair === null ? nodeEnd(node, text) : pairEnd(pair, text);
  if (owner.flow !== true) {
    const before = text.slice(lineStart(text, from), from);
    const isAlone = pair === null ? /^\s*-\s+$/.test(before) : before.trim() === '';
    return isAlone ? [withoutLines(text, from, to)] : null;
  }
  if (isFirstInLine(text, from) && /^\s*,?\s*(#.*)?$/.test(text.slice(to, lineEnd(text, to))))
    return [withoutLines(text, from, to)];
  const comma = /^\s*,[ \t]*/.exec(text.slice(to));
  if (comma !== null) return [{ from, to: to + comma[0].length, text: '' }];
  // The last item on its line: also remove the comma before it.
  const previous = /,\s*$/.exec(text.slice(0, from));
  const isSameLine = previous !== null && previous.index >= lineStart(text, from);
  return [{ from: isSameLine ? previous.index : from, to, text: '' }];
}

function insertion(at: number, text: string): Splice {
  return { from: at, to: at, text };
}

function startOf(node: unknown): number {
  return isNode(node) ? ((node as Node).range?.[0] ?? 0) : 0;
}
