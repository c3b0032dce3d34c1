import { createInterface, type Interface } from 'node:readline';
import { Writable } from 'node:stream';
import type { Streams } from '../terminal.ts';
import { plain } from '../text.ts';

/** What came of asking for a line. `gone`: Ctrl-D, or the terminal is. `interrupted`: Ctrl-C, on a line that was `empty` or not. */
export type Typed = { kind: 'line'; text: string } | { kind: 'gone' } | { kind: 'interrupted'; wasEmpty: boolean };

/**
 * Lines of a person, with a history and the usual keys. It keeps the terminal to itself until it is closed: Ctrl-C is a
 * key, so that it can stop an answer without ending the program, and what is typed during an answer waits, unseen, for
 * the next prompt.
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

  /** The next line. */
  async line(prompt: string): Promise<Typed> {
    const ready = this.#typed.shift() ?? (this.#isGone ? ({ kind: 'gone' } as const) : null);
    this.#screen.isOn = true;
    try {
      if (ready !== null) {
        // Typed ahead, when nobody saw it.
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

  /** Calls back at each Ctrl-C while `act` is at work. */
  async during<Result>(onInterrupt: () => void, act: () => Promise<Result>): Promise<Result> {
    this.#onInterrupt = onInterrupt;
    try {
      return await act();
    } finally {
      this.#onInterrupt = null;
    }
  }

  /** Gives the terminal back. */
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
      // What was typed ahead was typed by somebody who did not want it to go on like this.
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
  }
}

/** The terminal as the editor sees it: switched off while somebody else writes there. */
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
    return this.#stream.columns ?? 80;
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
