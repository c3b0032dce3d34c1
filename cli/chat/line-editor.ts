import { createInterface, type Interface } from 'node:readline';
import { Writable } from 'node:stream';
import { knownSize, type Streams } from '../screen/terminal.ts';
import { plain } from '../screen/text.ts';

/**
 * The result of a prompt. `gone`: the user pressed Ctrl-D, or the terminal closed. `interrupted`: the user pressed
 * Ctrl-C.
 */
export type Typed = { kind: 'line'; text: string } | { kind: 'gone' } | { kind: 'interrupted'; wasEmpty: boolean };

/**
 * Reads lines from a person, with history and the usual keys. Controls the terminal until `close`. Reads Ctrl-C as a
 * key, so that Ctrl-C stops an answer without ending the program. Lines typed during an answer stay hidden until the
 * next prompt.
 */
export class LineEditor {
  readonly #reader: Interface;
  readonly #screen: Screen;
  readonly #typed: Typed[] = [];
  #waiting: ((typed: Typed) => void) | null = null;
  #onInterrupt: (() => void) | null = null;
  #isGone = false;

  constructor({ stdin, stderr }: Streams) {
    this.#screen = new Screen(stderr);
    this.#reader = createInterface({ input: stdin, output: this.#screen, terminal: true, historySize: 500 });
    this.#reader.on('line', (text) => this.#take({ kind: 'line', text }));
    this.#reader.on('SIGINT', () => this.#interrupt());
    this.#reader.on('close', () => {
      this.#isGone = true;
      this.#take({ kind: 'gone' });
    });
  }

  /** Prompts for the next line. */
  async line(prompt: string): Promise<Typed> {
    const ready = this.#typed.shift() ?? (this.#isGone ? ({ kind: 'gone' } as const) : null);
    this.#screen.isOn = true;
    try {
      if (ready !== null) {
        // The user typed this line ahead, while the input was hidden. Show it now.
        if (ready.kind === 'line') this.#screen.write(`${prompt}${plain(ready.text)}\n`);
        return ready;
      }
      this.#reader.setPrompt(prompt);
      this.#reader.prompt(true);
      return await new Promise<Typed>((resolve) => {
        this.#waiting = resolve;
      });
    } finally {
      this.#screen.isOn = false;
    }
  }

  /** Runs `act`, and calls `onInterrupt` at each Ctrl-C meanwhile. */
  async during<Result>(onInterrupt: () => void, act: () => Promise<Result>): Promise<Result> {
    this.#onInterrupt = onInterrupt;
    try {
      return await act();
    } finally {
      this.#onInterrupt = null;
    }
  }

  /** Releases the terminal. */
  close(): void {
    this.#reader.close();
    this.#screen.destroy();
  }

  #take(typed: Typed): void {
    const waiting = this.#waiting;
    this.#waiting = null;
    if (waiting === null) this.#typed.push(typed);
    else waiting(typed);
  }

  #interrupt(): void {
    if (this.#waiting === null) {
      // Drop lines typed ahead: they belong to what the user interrupts.
      this.#typed.length = 0;
      this.#clearLine();
      this.#onInterrupt?.();
      return;
    }
    const wasEmpty = this.#reader.line === '';
    this.#clearLine();
    this.#screen.write('\n');
    this.#take({ kind: 'interrupted', wasEmpty });
  }

  #clearLine(): void {
    this.#reader.write(null, { ctrl: true, name: 'e' });
    this.#reader.write(null, { ctrl: true, name: 'u' });
    // With TERM=dumb, Node knows no key that deletes the line.
    Object.assign(this.#reader, { line: '', cursor: 0 });
  }
}

/** The editor's output, switched off while other output is written. */
class Screen extends Writable {
  isOn = false;
  readonly #onResize = (): void => void this.emit('resize');
  readonly #stream: Streams['stderr'];

  constructor(stream: Streams['stderr']) {
    super({ decodeStrings: false });
    this.#stream = stream;
    stream.on('resize', this.#onResize);
  }

  get columns(): number {
    return knownSize(this.#stream.columns, 80);
  }

  override _write(chunk: string | Buffer, _encoding: BufferEncoding, done: () => void): void {
    if (this.isOn) this.#stream.write(chunk);
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#stream.off('resize', this.#onResize);
    done(error);
  }
}
