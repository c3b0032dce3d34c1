import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { launcherFlags } from './launcher-flags.ts';
import { COMPILED, MAIN } from './program.ts';

export interface CommandResult {
  /** Exit status; `null` when a signal ended it. */
  status: number | null;
  stdout: string;
  stderr: string;
}

/** The command line as a program of its own, for a test. */
export class CommandLineProcess {
  /** What was written so far. */
  stdout = '';
  stderr = '';
  readonly child: ChildProcessWithoutNullStreams;
  readonly #closed: Promise<unknown>;

  /** @param environment Its whole environment, beside PATH. `HOME` should be the test's own. */
  constructor(words: readonly string[], environment: Record<string, string>) {
    const env = { NODE_COMPILE_CACHE: COMPILED, PATH: process.env['PATH'] ?? '', ...environment };
    this.child = spawn(process.execPath, [...launcherFlags(), MAIN, ...words], { env });
    this.child.stdout.on('data', (chunk: Buffer) => (this.stdout += chunk.toString()));
    this.child.stderr.on('data', (chunk: Buffer) => (this.stderr += chunk.toString()));
    this.#closed = once(this.child, 'close');
  }

  async end(): Promise<CommandResult> {
    await this.#closed;
    return { status: this.child.exitCode, stdout: this.stdout, stderr: this.stderr };
  }
}

/** Runs a command line to its end. @param input Standard input, which is ended after it. */
export async function runCommand(
  words: readonly string[],
  environment: Record<string, string>,
  input = '',
): Promise<CommandResult> {
  const command = new CommandLineProcess(words, environment);
  command.child.stdin.end(input);
  return command.end();
}
