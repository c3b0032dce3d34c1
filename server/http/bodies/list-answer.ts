/**
 * Caches the JSON of a list that changes little between requests. Dashboards request all instances every second or two;
 * 1 000 instances are 305 KB. Serialising them each time left garbage whose collection took 12 ms in one of a hundred
 * requests. Items must be immutable: a changed item is another object.
 */
export class ListAnswer {
  readonly #key: string;
  readonly #texts = new ItemTexts();
  #last: { items: readonly object[]; end: string; body: Buffer } = { items: [], end: '', body: Buffer.alloc(0) };

  /** @param key Name of the list in the answer. */
  constructor(key: string) {
    this.#key = key;
  }

  /** @param more Other members of the answer. */
  of(items: readonly object[], more: Readonly<Record<string, unknown>> = {}): Buffer {
    const end = membersText(more);
    const last = this.#last;
    if (last.body.length > 0 && last.end === end && isSame(last.items, items)) return last.body;
    const texts = items.map((item) => this.#texts.of(item)).join(',');
    const body = Buffer.from(`{${JSON.stringify(this.#key)}:[${texts}]${end}}`);
    this.#last = { items, end, body };
    return body;
  }
}

/** The JSON of items, made once for each. */
export class ItemTexts {
  readonly #texts = new WeakMap<object, string>();

  of(item: object): string {
    const text = this.#texts.get(item) ?? JSON.stringify(item);
    this.#texts.set(item, text);
    return text;
  }
}

/** Members of an object after others, as JSON. */
export function membersText(members: Readonly<Record<string, unknown>>): string {
  return Object.entries(members)
    .map(([name, value]) => `,${JSON.stringify(name)}:${JSON.stringify(value)}`)
    .join('');
}

/** Whether two lists have the same items in the same order. */
export function isSame(one: readonly unknown[], other: readonly unknown[]): boolean {
  return one === other || (one.length === other.length && one.every((item, index) => item === other[index]));
}
