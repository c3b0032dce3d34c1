import { isAlias, isMap, isNode, isScalar, isSeq, parseDocument, visit } from 'yaml';
import type { Alias, Document, Node } from 'yaml';
import { differences } from './differences.ts';
import type { Change, YamlPath } from './differences.ts';
import { spliced } from './lines.ts';
import type { Splice } from './lines.ts';
import type { Values } from './record.ts';
import { notationOf } from './slot.ts';
import type { Slot } from './slot.ts';
import { added, inserted, removed, replaced } from './splices.ts';
import { flowText } from './yaml-notation.ts';
import type { Notation } from './yaml-notation.ts';

/**
 * Most steps, and most characters that all steps together parse. Each step parses the whole text, at 1 MB a second, and
 * blocks the server.
 */
const MOST_STEPS = 300;
const MOST_CHARACTERS = 1_000_000;

/**
 * Changes a YAML text so that its values are `wanted`. Everything else stays byte for byte, including comments, blank lines,
 * quotes and indentation. (The library's own writer reformats the whole file.) Values that share an anchor with a changed
 * one stay the same.
 *
 * Works in small steps and parses the text after each one, so a returned text has exactly the wanted values. `null`: the
 * text's notation cannot be changed this way.
 *
 * @param mayBeVoid Whether no value, an empty map and a missing key mean the same at a path.
 */
export function editYaml(text: string, wanted: Values, mayBeVoid: (path: YamlPath) => boolean): string | null {
  let current = text;
  const steps = Math.min(MOST_STEPS, Math.max(20, MOST_CHARACTERS / text.length));
  for (let step = 0; step < steps; step += 1) {
    const document = read(current);
    if (document === null) return null;
    const changes = differences(document.toJS() ?? {}, wanted, mayBeVoid);
    const [first] = changes;
    if (first === undefined) return current;
    const work = {
      document,
      aliases: aliasesOf(document),
      text: current,
      notation: notationOf(document, current),
      wanted,
    };
    const next = appliedTogether(changes, work) ?? applied(first, work);
    if (next === null) return null;
    current = next;
  }
  return null;
}

/** A text and its parsed form during one step. */
interface Work {
  document: Document;
  aliases: readonly Alias[];
  text: string;
  notation: Notation;
  wanted: Values;
}

function read(text: string): Document | null {
  const document = parseDocument(text, { keepSourceTokens: true, prettyErrors: false, logLevel: 'error' });
  return document.errors.length + document.warnings.length === 0 ? document : null;
}

/** Applies all changes that do not overlap; `null`: only one change, or anchors might connect them. */
function appliedTogether(changes: readonly Change[], work: Work): string | null {
  if (changes.length < 2 || work.aliases.length > 0) return null;
  const groups = changes.flatMap((change) => {
    const splices = splicesFor(change, work) ?? [];
    const from = Math.min(...splices.map((splice) => splice.from));
    return splices.length === 0 ? [] : [{ splices, from, to: Math.max(...splices.map((splice) => splice.to)) }];
  });
  let end = -1;
  const apart = groups
    .toSorted((a, b) => a.from - b.from)
    .filter(({ from, to }) => {
      if (from <= end) return false;
      end = to;
      return true;
    });
  const next = spliced(
    work.text,
    apart.flatMap(({ splices }) => splices),
  );
  return next !== work.text && read(next) !== null ? next : null;
}

/** Applies one change. Where a value cannot be changed alone, rewrites the map or list around it. */
function applied(change: Change, work: Work): string | null {
  const around = change.path.map((_, index) => change.path.slice(0, -1 - index));
  const wider = (change.kind === 'remove' ? around : [change.path, ...around]).filter(({ length }) => length > 0);
  for (const candidate of [change, ...wider.map((path) => ({ kind: 'set' as const, path }))]) {
    const splices = splicesFor(candidate, work);
    if (splices === null) continue;
    const next = spliced(work.text, splices);
    if (next !== work.text && read(next) !== null) return next;
  }
  return null;
}

function splicesFor(change: Change, work: Work): Splice[] | null {
  const { document, text, notation, wanted } = work;
  let slot: Slot = { owner: null, pair: null, node: document.contents };
  const above: Node[] = [];
  for (const [depth, step] of change.path.entries()) {
    const { node } = slot;
    const path = change.path.slice(0, depth);
    if (isAlias(node)) return [unshared(node, work)];
    if (isNode(node)) above.push(node);
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => String(isScalar(key) ? key.value : key) === String(step));
      // The entry is merged in from elsewhere: it can be replaced, but not removed.
      if (!pair) return change.kind === 'remove' ? null : splicesFor({ kind: 'add', path, keys: [String(step)] }, work);
      slot = { owner: node, pair, node: pair.value };
    } else if (isSeq(node)) {
      slot = { owner: node, pair: null, node: node.items[Number(step)] };
    } else {
      return replaced(slot, text, at(wanted, path), notation);
    }
  }
  const { node } = slot;
  const isWhole = change.kind === 'set' || change.kind === 'remove';
  if (!isWhole && isAlias(node)) return [unshared(node, work)];
  const alias = sharing(work, [...above, ...(isWhole ? nodesBelow(node) : [node])]);
  if (alias !== null) return [unshared(alias, work)];
  const value = at(wanted, change.path);
  switch (change.kind) {
    case 'set':
      return replaced(slot, text, value, notation);
    case 'remove':
      return removed(slot, text);
    case 'add':
      return isMap(node)
        ? added(node, text, change.keys, value as Values, notation)
        : replaced(slot, text, value, notation);
    case 'insert':
      return isSeq(node) ? inserted(node, text, change.at, change.items, notation) : null;
  }
}

function aliasesOf(document: Document): Alias[] {
  const aliases: Alias[] = [];
  visit(document, { Alias: (_, alias) => void aliases.push(alias) });
  return aliases;
}

/** The first alias of one of these nodes. With the node, it would change or lose its anchor. */
function sharing({ document, aliases }: Work, nodes: readonly unknown[]): Alias | null {
  const shared = new Set(nodes);
  return aliases.find((alias) => shared.has(alias.resolve(document))) ?? null;
}

/** Replaces an alias by its value. */
function unshared(alias: Alias, { document, notation }: Work): Splice {
  const [from, to] = alias.range ?? [0, 0];
  return { from, to, text: flowText(alias.resolve(document)?.toJS(document), notation) };
}

function nodesBelow(node: unknown): Node[] {
  const nodes: Node[] = [];
  if (isNode(node)) visit(node, { Node: (_, each) => void nodes.push(each) });
  return nodes;
}

/** The value at a path of maps and lists. */
function at(values: unknown, path: YamlPath): unknown {
  return path.reduce<unknown>((value, step) => (value as Record<string | number, unknown>)[step], values);
}
