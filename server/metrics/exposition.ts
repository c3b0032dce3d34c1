/** A metric type of Prometheus. */
export type FamilyType = 'counter' | 'gauge' | 'histogram' | 'summary' | 'untyped';

/** Names of labels with their values. */
export type Labels = Readonly<Record<string, string>>;

/**
 * Figures in the Prometheus text format (0.0.4). Uses no library: most figures are read on request, and engines'
 * figures come as text of the same format, whose families must be merged. A library would only escape three characters.
 */
export class Exposition {
  readonly #families = new Map<string, Family>();

  /** Returns the family of this name. An existing one keeps its type and help. */
  family(name: string, type: FamilyType, help: string): Family {
    const known = this.#families.get(name);
    if (known !== undefined) return known;
    const family = new Family(name, type, help);
    this.#families.set(name, family);
    return family;
  }

  /** The text of all families, in the order of their first use, in pieces. A family without figures has no text. */
  *texts(): Generator<string> {
    for (const family of this.#families.values()) yield* family.texts();
  }
}

/**
 * Length from which lines are a piece of their own, in characters. V8 joins thousands of lines four times as fast in
 * small pieces: a text of megabytes is new memory.
 */
const PIECE = 8_192;

/** The figures of one name, which differ by their labels. */
export class Family {
  readonly name: string;
  readonly type: FamilyType;
  readonly #help: string;
  readonly #pieces: string[] = [];
  /** The lines after the last piece. */
  #lines = '';

  constructor(name: string, type: FamilyType, help: string) {
    this.name = name;
    this.type = type;
    this.#help = help;
  }

  /** @param suffix Suffix of the name, such as `_bucket`. */
  add(value: number, labels: Labels = {}, suffix = ''): void {
    this.addText(numberText(value), labelText(labels), suffix);
  }

  /** @param value Written unchanged. @param labels Written unchanged between braces; empty: none. */
  addText(value: string, labels: string, suffix = ''): void {
    this.addLines(this.line(value, labels, suffix));
  }

  /** Returns the line that {@link addText} would add, for callers that keep lines between scrapes. */
  line(value: string, labels: string, suffix = ''): string {
    return `${this.name}${suffix}${labels === '' ? '' : `{${labels}}`} ${value}\n`;
  }

  /** Adds finished lines. @param lines From {@link line}, one after the other. */
  addLines(lines: string): void {
    this.#lines += lines;
    if (this.#lines.length < PIECE) return;
    this.#pieces.push(this.#lines);
    this.#lines = '';
  }

  /** The text, in pieces; nothing without figures. */
  *texts(): Generator<string> {
    if (this.#lines === '' && this.#pieces.length === 0) return;
    const help = this.#help.replaceAll('\\', String.raw`\\`).replaceAll('\n', String.raw`\n`);
    yield `# HELP ${this.name} ${help}\n# TYPE ${this.name} ${this.type}\n`;
    yield* this.#pieces;
    yield this.#lines;
  }
}

/** Returns labels as the text between the braces. */
export function labelText(labels: Labels): string {
  let text = '';
  for (const [name, value] of Object.entries(labels)) text += `${text === '' ? '' : ','}${name}="${escaped(value)}"`;
  return text;
}

const SPECIAL = /[\\"\n]/g;

function escaped(value: string): string {
  return value.search(SPECIAL) === -1
    ? value
    : value.replaceAll(SPECIAL, (each) => (each === '\n' ? String.raw`\n` : `\\${each}`));
}

/** A figure as text. */
export function numberText(value: number): string {
  if (value === Infinity) return '+Inf';
  return value === -Infinity ? '-Inf' : String(value);
}
