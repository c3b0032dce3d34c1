import { MOST_PROBLEMS, type Problem } from '@llamactl/contract/errors';
import { isAlias, isMap, isScalar, isSeq, type YAMLMap } from 'yaml';
import { childPath, validationError } from './problems.ts';
import { MOST_VALUES, tooManyEntries, tooManyValues } from './value-count.ts';
import { fault, type YamlLines } from './yaml-fault.ts';

/** Most values that aliases may repeat in total. */
const MOST_REPEATED = 100_000;

/** A list of the outermost map that is partly read. */
interface Begun {
  values: unknown[];
  /** Number of values read before the list. */
  before: number;
}

/** Turns nodes into values. An alias repeats the value of its anchor, and repeated values are counted. */
export class YamlReader {
  readonly #lines: YamlLines;
  readonly #anchors = new Map<string, { value: unknown; size: number }>();
  readonly #twice: Problem[] = [];
  /** Pairs of the outermost map. */
  readonly #outermost = new Map<string, unknown>();
  /** The list that is the value of the next pair of the outermost map, as far as it is read. */
  #begun: Begun | null = null;
  #values = 0;
  #repeated = 0;

  constructor(lines: YamlLines) {
    this.#lines = lines;
  }

  /** Adds the rest. @returns the whole value */
  finish(contents: unknown): unknown {
    const value =
      isMap(contents) && this.#outermost.size + (this.#begun?.values.length ?? 0) > 0
        ? this.#finishOutermost(contents)
        : this.#valueOf(contents, '');
    if (this.#twice.length > 0) throw validationError(this.#twice);
    return value;
  }

  #finishOutermost(map: YAMLMap): unknown {
    this.addPairs(map);
    return Object.fromEntries(this.#outermost);
  }

  /** Adds pairs of the outermost map. */
  addPairs(map: unknown): void {
    if (!isMap(map)) return;
    this.#addPairs(map, '', this.#outermost);
    if (this.#outermost.size > MOST_VALUES) throw validationError([tooManyValues('')]);
  }

  /**
   * Adds entries of the list that is the next value of the outermost map.
   *
   * @param name Name of the list, for messages.
   */
  addEntries(list: unknown, name: string): void {
    if (!isSeq(list)) return;
    this.#begun ??= { values: [], before: this.#values };
    const { values } = this.#begun;
    const path = childPath('', name);
    for (const item of list.items) values.push(this.#valueOf(item, childPath(path, values.length)));
    if (values.length > MOST_VALUES) throw validationError([tooManyEntries(path)]);
  }

  #valueOf(
    node: unknown,
    path: string,
    { values: begun, before }: Begun = { values: [], before: this.#values },
  ): unknown {
    if (isAlias(node)) return this.#repeat(node.source, offsetOf(node));
    this.#values += 1;
    const value = this.#contentOf(node, path, begun);
    // Set the anchor after its content: an alias inside its own anchor would be a cycle.
    const anchor = isScalar(node) || isMap(node) || isSeq(node) ? node.anchor : undefined;
    if (anchor !== undefined) this.#anchors.set(anchor, { value, size: this.#values - before });
    return value;
  }

  #contentOf(node: unknown, path: string, begun: readonly unknown[]): unknown {
    if (isScalar(node)) return node.value;
    if (isSeq(node)) {
      const rest = node.items.map((item, index) => this.#valueOf(item, childPath(path, begun.length + index)));
      return [...begun, ...rest];
    }
    if (!isMap(node)) return null;
    const entries = new Map<string, unknown>();
    this.#addPairs(node, path, entries);
    return Object.fromEntries(entries);
  }

  #addPairs({ items, flow }: YAMLMap, path: string, into: Map<string, unknown>): void {
    for (const { key, value } of items) {
      const name = this.#nameOf(key);
      const at = childPath(path, name);
      // `{ a: 0,1,2 }` has three names, of which YAML gives the last two no value.
      if (value === null && flow === true)
        throw fault(this.#lines.placed(`${at} has no value; put a text with commas in quotes: '0,1,2'`, offsetOf(key)));
      if (into.has(name) && this.#twice.length < MOST_PROBLEMS)
        this.#twice.push({ path: at, message: `is given twice (${this.#lines.place(offsetOf(key))})` });
      into.set(name, this.#valueOf(value, at, into === this.#outermost ? this.#takeBegun() : undefined));
    }
  }

  #takeBegun(): Begun | undefined {
    const begun = this.#begun ?? undefined;
    this.#begun = null;
    return begun;
  }

  #nameOf(key: unknown): string {
    if (isScalar(key) && key.value === '<<' && key.type === 'PLAIN')
      throw fault(
        this.#lines.placed(
          'merge keys (<<) are not part of YAML 1.2; an alias can repeat a whole value: options: *name',
          offsetOf(key),
        ),
      );
    if (isScalar(key) && typeof key.value === 'string') return key.value;
    throw fault(this.#lines.placed('a name has to be a text', offsetOf(key)));
  }

  #repeat(anchor: string, offset: number): unknown {
    const known = this.#anchors.get(anchor);
    if (known === undefined) throw fault(this.#lines.placed(`*${anchor} has no &${anchor} before it`, offset));
    this.#repeated += known.size;
    this.#values += known.size;
    if (this.#repeated <= MOST_REPEATED) return known.value;
    throw fault(this.#lines.placed('its aliases repeat too much', offset));
  }
}

function offsetOf(node: unknown): number {
  return (node as { range?: readonly number[] | null } | null)?.range?.[0] ?? 0;
}
