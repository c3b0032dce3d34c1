import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { PassThrough, Readable, Writable } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { CommandLine } from '../command-line.ts';
import { untaggedNames, VERBS } from '../verbs.ts';

/** Options for a command line in a test. */
export interface RunOptions {
  /** Default: only the sandbox's variables. */
  environment?: Record<string, string>;
  /** Input that is typed, or piped in. */
  input?: string;
  /** Set: standard output is a terminal of this width. */
  columns?: number;
  /** Set: standard input is a terminal. */
  canAsk?: boolean;
  /** Milliseconds since the epoch. Default the real time. */
  now?: number;
  signal?: AbortSignal;
  /** Answers to questions, in order; standard input and error are then terminals. */
  answers?: readonly string[];
  /** A keyboard for typing during the run; standard input and error are then terminals. */
  keyboard?: PassThrough;
  /** Standard input that is not a terminal, and ends when the test says so; instead of `input`. */
  pipe?: PassThrough;
  /** Receives the callback that the program wants called periodically. */
  onEvery?: (act: () => void) => void;
  /** Called with all output so far. */
  onOutput?: (output: string) => void;
  /** The same for standard error. */
  onErrorOutput?: (output: string) => void;
}

/** A prompt that waits for an answer; cursor movements are ignored. */
const QUESTION = /[:?] $/;

export interface RunResult {
  status: number;
  stdout: string;
  stderr: string;
}

/** A home for command lines that run in this process; `dispose` removes it. */
export class CommandSandbox {
  readonly home = mkdtempSync(path.join(os.tmpdir(), 'llamactl-cli-'));
  /** Variables of every run, in addition to its own. */
  readonly environment: Record<string, string> = {};

  async run(words: readonly string[], options: RunOptions = {}): Promise<RunResult> {
    const { environment, input = '', columns, answers, now, signal, onOutput, onErrorOutput, onEvery } = options;
    const { canAsk = answers !== undefined || options.keyboard !== undefined } = options;
    const stdout = sink(onOutput);
    const { keyboard = new PassThrough() } = options;
    const left = [...(answers ?? [])];
    const stderr = sink((output) => {
      onErrorOutput?.(output);
      const answer = QUESTION.test(stripVTControlCharacters(output)) ? left.shift() : undefined;
      if (answer !== undefined) setImmediate(() => keyboard.write(`${answer}\r`));
    });
    if (input !== '') keyboard.write(input);
    const isTerminal = columns !== undefined;
    const commandLine = new CommandLine(
      {
        streams: {
          stdin: options.pipe ?? Object.assign(canAsk ? keyboard : Readable.from([input]), { isTTY: canAsk }),
          stdout: Object.assign(stdout.stream, { isTTY: isTerminal, columns: columns ?? 80, rows: 24 }),
          stderr: Object.assign(stderr.stream, { isTTY: canAsk }),
        },
        environment: { ...this.environment, ...environment },
        home: this.home,
        now: () => now ?? Date.now(),
        interrupted: () => signal ?? new AbortController().signal,
        outliveReaders: () => undefined,
        every: (_milliseconds, act) => {
          onEvery?.(act);
          return () => undefined;
        },
      },
      VERBS,
      untaggedNames,
    );
    const status = await commandLine.run(words);
    return { status, stdout: stdout.text(), stderr: stderr.text() };
  }

  dispose(): void {
    rmSync(this.home, { recursive: true, force: true });
  }
}

function sink(onOutput?: (output: string) => void): { stream: Writable; text: () => string } {
  let text = '';
  const stream = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      text += chunk.toString();
      onOutput?.(text);
      done();
    },
  });
  return { stream, text: () => text };
}
