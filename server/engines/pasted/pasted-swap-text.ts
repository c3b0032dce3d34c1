import { isRecord } from '@llamactl/contract/record';
import { GLOBAL_KEYS } from './pasted-swap-keys.ts';
import { type Document, isMap, isScalar, LineCounter, parseDocument } from 'yaml';

/** A llama-swap configuration as YAML has it. */
export interface SwapText {
  models: SwapEntry[];
  /** The outermost keys except `models`; `null`: the text has only models. */
  globals: Record<string, unknown> | null;
}

/** One model of the configuration, unchecked. */
export interface SwapEntry {
  /** `null`: the text is one model without a name. */
  name: string | null;
  /** The line of its name, or of its first key; from 1. */
  line: number;
  /** The lines of its keys. */
  lines: ReadonlyMap<string, number>;
  values: unknown;
}

/** A line that YAML of llama-swap has, and no command line. */
const LIKE_SWAP = /^[ \t]*["']?(?:cmd|models)["']?[ \t]*:(?:[ \t\r\n]|$)/m;
/** The outermost map has `models`, each model has a map, and a model may have `macros`. */
const DEPTH = 3;

/** Reads a text as a configuration of llama-swap, or a part of one with models. `null`: it is neither. */
export function readSwapText(text: string): SwapText | { problem: string } | null {
  const lines = new LineCounter();
  // The library's check compares every pair of names.
  const document = parseDocument(text, { logLevel: 'silent', uniqueKeys: false, lineCounter: lines });
  const mistake = mistakeIn(document, lines);
  if (mistake !== null) return LIKE_SWAP.test(text) ? { problem: `is YAML with a mistake in ${mistake}` } : null;
  const values = valuesOf(document);
  if (typeof values === 'string') return LIKE_SWAP.test(text) ? { problem: values } : null;
  if (values === null) return null;
  const { models, ...globals } = values;
  if (isRecord(models) && !('cmd' in models)) {
    return { models: entriesOf(document.get('models'), models, lines), globals };
  }
  if (typeof values['cmd'] === 'string')
    return {
      models: [{ name: null, line: firstLine(document, lines), lines: keyLines(document.contents, lines), values }],
      globals: null,
    };
  const isModels = Object.values(values).some((each) => isRecord(each) && 'cmd' in each);
  if (isModels) return { models: entriesOf(document.contents, values, lines), globals: null };
  const isWithoutModels = isRecord(values['macros']) && Object.keys(values).every((key) => GLOBAL_KEYS.includes(key));
  return isWithoutModels ? { models: [], globals } : null;
}

/** The place and kind of the first mistake in a document; `null`: none. */
function mistakeIn(document: Document, lines: LineCounter): string | null {
  const [error] = document.errors;
  if (error !== undefined) {
    const { line, col } = lines.linePos(error.pos[0]);
    const [message = ''] = error.message.split('\n');
    return `line ${line}, column ${col}: ${message.replace(/ at line \d+, column \d+:$/, '')}`;
  }
  const twice = nameTwice(document.contents, DEPTH);
  return twice === null ? null : `line ${lines.linePos(twice.at).line}: ${JSON.stringify(twice.name)} is there twice`;
}

/** The outermost map; `null`: the document has another value; a text: why it cannot be read. */
function valuesOf(document: Document): Record<string, unknown> | string | null {
  try {
    const values: unknown = document.toJS({ maxAliasCount: 100 });
    return isRecord(values) ? values : null;
  } catch (error) {
    // An alias without its anchor, or aliases that make a huge value.
    if (error instanceof ReferenceError) return `is YAML with a mistake: ${error.message}`;
    throw error;
  }
}

/** The first name that a map has twice; `null`: none. */
function nameTwice(node: unknown, depth: number): { name: string; at: number } | null {
  if (!isMap(node)) return null;
  const names = new Set<unknown>();
  for (const { key } of node.items) {
    const name = isScalar(key) ? key.value : key;
    if (names.has(name)) return { name: String(name), at: isScalar(key) ? (key.range?.[0] ?? 0) : 0 };
    names.add(name);
  }
  if (depth === 0) return null;
  for (const { value } of node.items) {
    const twice = nameTwice(value, depth - 1);
    if (twice !== null) return twice;
  }
  return null;
}

function entriesOf(node: unknown, models: Record<string, unknown>, lines: LineCounter): SwapEntry[] {
  const places = keyLines(node, lines);
  const nodes = new Map((isMap(node) ? node.items : []).map(({ key, value }) => [nameOf(key), value]));
  return Object.entries(models).map(([name, values]) => ({
    name,
    line: places.get(name) ?? 1,
    lines: keyLines(nodes.get(name), lines),
    values,
  }));
}

function keyLines(node: unknown, lines: LineCounter): Map<string, number> {
  return new Map(
    (isMap(node) ? node.items : []).map(({ key }) => [
      nameOf(key),
      isScalar(key) ? lines.linePos(key.range?.[0] ?? 0).line : 1,
    ]),
  );
}

function nameOf(key: unknown): string {
  return isScalar(key) ? String(key.value) : '';
}

function firstLine({ contents }: Document, lines: LineCounter): number {
  return lines.linePos(isMap(contents) ? (contents.range?.[0] ?? 0) : 0).line;
}
