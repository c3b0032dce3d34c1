import { Readable, Writable } from 'node:stream';
import { EXIT } from '../exit-status.ts';
import { Problem } from '../problem.ts';
import type { OutputForm } from './output-format.ts';
import { Style } from './style.ts';
import { tableLines, type Cell, type Column } from './table.ts';

/** The standard streams, as Node provides them. */
export interface Streams {
  stdin: NodeJS.ReadableStream & { isTTY?: boolean; setRawMode?: (isRaw: boolean) => unknown };
  stdout: NodeJS.WritableStream & { isTTY?: boolean; columns?: number; rows?: number };
  stderr: NodeJS.WritableStream & { isTTY?: boolean; columns?: number };
}

export interface TerminalOptions {
  streams: Streams;
  isColoured: boolean;
  form: OutputForm;
}

/** Output for a person or a program: results on standard output, everything else on standard error. */
export class Terminal {
  /** Whether results are values for programs: JSON, YAML, or a filled template. */
  readonly isJson: boolean;
  readonly isQuiet: boolean;
  /** Whether only names are printed; then `isQuiet` is set too. */
  readonly isNames: boolean;
  /** Whether tables have all columns, uncut. */
  readonly isWide: boolean;
  readonly #valueText: OutputForm['valueText'];
  readonly style: Style;
  readonly #streams: Streams;

  constructor({ streams, isColoured, form }: TerminalOptions) {
    this.#streams = streams;
    this.style = new Style(isColoured);
    this.isJson = form.isJson;
    this.isQuiet = form.isQuiet;
    this.isNames = form.isNames;
    this.isWide = form.isWide;
    this.#valueText = form.valueText;
  }

  /** The raw streams, for a line editor. */
  get streams(): Streams {
    return this.#streams;
  }

  /** Whether a person reads the results. */
  get isInteractive(): boolean {
    return this.#streams.stdout.isTTY === true;
  }

  /** Whether a person can answer a question. */
  get canAsk(): boolean {
    return this.#streams.stdin.isTTY === true && this.#streams.stderr.isTTY === true;
  }

  /** `Infinity` when the output is no terminal. */
  get columns(): number {
    const { isTTY, columns } = this.#streams.stdout;
    return isTTY === true ? knownSize(columns, 80) : Infinity;
  }

  get rows(): number {
    return knownSize(this.#streams.stdout.rows, 24);
  }

  /** Calls `changed` when the terminal is resized, until the signal aborts. */
  onResize(changed: () => void, signal: AbortSignal): void {
    const { stdout } = this.#streams;
    stdout.on('resize', changed);
    signal.addEventListener('abort', () => stdout.off('resize', changed), { once: true });
  }

  /** Prints a line of the result. */
  print(text: string): void {
    this.write(`${text}\n`);
  }

  /** Prints a part of the result. */
  write(text: string): void {
    this.#streams.stdout.write(text);
  }

  /** Prints the result as one value; JSON on several lines on a terminal. @param optional Fields that it may lack. */
  printJson(value: unknown, optional: readonly string[] = []): void {
    const text = this.#valueText?.(value, false, optional);
    // An empty list in a template has no line.
    if (text !== undefined) return text === '' ? undefined : this.print(text);
    this.print(JSON.stringify(value, null, this.isInteractive ? 2 : undefined));
  }

  /** Prints one of many values; JSON on one line. */
  printJsonLine(value: unknown): void {
    this.print(this.#valueText?.(value, true) ?? JSON.stringify(value));
  }

  /** Prints the result as a table; only its header is faint. */
  printTable(columns: readonly Column[], rows: readonly (readonly Cell[])[]): void {
    const [header = '', ...lines] = tableLines(columns, rows, this.isWide ? Infinity : this.columns);
    this.print(this.style.faint(header));
    for (const line of lines) this.print(line);
  }

  /** Prints a note on standard error, unless `--quiet` is set. */
  note(text: string): void {
    if (!this.isQuiet) this.warn(text);
  }

  /** Prints a line on standard error, also with `--quiet`. */
  warn(text: string): void {
    this.#streams.stderr.write(`${text}\n`);
  }

  /** @throws {Problem} when no person can answer */
  async ask(question: string, signal?: AbortSignal): Promise<string> {
    return this.#ask(question, this.#streams.stderr, signal);
  }

  /** Asks without echoing the input. */
  async askSecret(question: string, signal?: AbortSignal): Promise<string> {
    if (!this.canAsk) throw cannotAsk(question);
    this.#streams.stderr.write(question);
    const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
    try {
      return await this.#ask(question, silent, signal);
    } finally {
      this.#streams.stderr.write('\n');
    }
  }

  /** Reads all of standard input, for `-`. @throws {Problem} when the signal aborts before its end */
  async readInput(signal?: AbortSignal): Promise<string> {
    const { stdin } = this.#streams;
    const chunks: Buffer[] = [];
    const read = async (): Promise<void> => {
      for await (const chunk of stdin) chunks.push(Buffer.from(chunk));
    };
    try {
      await Promise.race([read(), interruption(signal)]);
    } finally {
      // A pending read would keep the program alive.
      if (signal?.aborted === true && stdin instanceof Readable) stdin.destroy();
    }
    return Buffer.concat(chunks).toString('utf8');
  }

  async #ask(question: string, output: NodeJS.WritableStream, signal?: AbortSignal): Promise<string> {
    if (!this.canAsk) throw cannotAsk(question);
    // Loaded late: few commands ask, and a server never does.
    const { createInterface } = await import('node:readline/promises');
    const reader = createInterface({ input: this.#streams.stdin, output, terminal: true });
    try {
      return await new Promise<string>((resolve, reject) => {
        // The reader consumes Ctrl-C and Ctrl-D itself.
        reader.once('SIGINT', () => reject(new Problem('interrupted', EXIT.interrupted)));
        reader.once('close', () => reject(new Problem('interrupted', EXIT.interrupted)));
        reader.question(question, signal === undefined ? {} : { signal }).then(resolve, reject);
      });
    } finally {
      reader.close();
    }
  }
}

/** The size of a terminal. Serial consoles, and terminals of containers, report 0 for an unknown size. */
export function knownSize(reported: number | undefined, otherwise: number): number {
  return reported === undefined || reported < 1 ? otherwise : reported;
}

/** Never resolves. @throws {Problem} when the signal aborts */
function interruption(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_resolve, reject) => {
    const interrupted = (): void => reject(new Problem('interrupted', EXIT.interrupted));
    if (signal?.aborted === true) interrupted();
    else signal?.addEventListener('abort', interrupted, { once: true });
  });
}

function cannotAsk(question: string): Problem {
  return new Problem(`cannot ask without a terminal: ${question.trim()}`, EXIT.usage);
}
