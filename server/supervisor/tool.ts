import { codeOf, reasonOf } from '@llamactl/contract/reason';
import { spawn, type ChildProcess } from 'node:child_process';
import type { Readable } from 'node:stream';
import type { Clock } from '../instances/ports/time.ts';
import { findExecutable } from './executable.ts';
import { statusOf } from './exit-status.ts';
import { launchWithout, leftOpen } from './left-open.ts';

export interface ToolOptions {
  /** After this time the tool and its whole group are killed. */
  timeoutMs: number;
  /** Variables in addition to those that engines inherit. */
  environment?: Record<string, string>;
  /** Most bytes kept of stdout and of stderr; more is read and dropped. Default: 1 MiB. */
  maxBytes?: number;
}

export interface ToolResult {
  /** 128 + n for signal n. */
  code: number;
  stdout: string;
  stderr: string;
}

/**
 * Runs a short program to its end, such as `llama-server --help` or `nvidia-smi`. Any exit code is a result.
 *
 * @throws {Error} one sentence, when the program cannot be run or does not end in time
 */
export type RunTool = (command: string, args: readonly string[], options: ToolOptions) => Promise<ToolResult>;

const DEFAULT_MAX_BYTES = 1_048_576;
/**
 * How long to wait for the pipe to close after the exit. Remaining output arrives at once, but a child left running may
 * hold the pipe.
 */
const PIPE_GRACE_MS = 100;
/** Never returned in practice, since Node reports a code or a signal; satisfies the types. */
const UNKNOWN_STATUS = 255;

/** A child process with pipes for its output. */
type Tool = ChildProcess & { stdout: Readable; stderr: Readable };

/** @param inheritedEnvironment variables that tools inherit; tools are searched in the `PATH` that they get */
export function createToolRunner(clock: Clock, inheritedEnvironment: Readonly<Record<string, string>>): RunTool {
  const kept = leftOpen();
  return async (command, args, { timeoutMs, environment = {}, maxBytes = DEFAULT_MAX_BYTES }) => {
    const variables = { ...inheritedEnvironment, ...environment };
    const file = await findExecutable(command, variables['PATH'] ?? '');
    const child = start(file, args, variables, kept);
    const stdout = collect(child.stdout, maxBytes);
    const stderr = collect(child.stderr, maxBytes);
    const code = await finished(child, clock, timeoutMs, file);
    return { code, stdout: stdout(), stderr: stderr() };
  };
}

function start(file: string, args: readonly string[], env: Record<string, string>, kept: readonly number[]): Tool {
  try {
    const child = launchWithout(kept, (others) =>
      // its own group, so that a timeout ends its children too
      spawn(file, args, { detached: true, stdio: ['ignore', 'pipe', 'pipe', ...others], env }),
    );
    if (!isRead(child)) throw new Error('its output cannot be read');
    return child;
  } catch (error) {
    throw new Error(`${file} could not be run: ${reasonOf(error)}`, {
      cause: error,
    });
  }
}

function isRead(child: ChildProcess): child is Tool {
  return child.stdout !== null && child.stderr !== null;
}

function collect(stream: Readable, maxBytes: number): () => string {
  const chunks: Buffer[] = [];
  let total = 0;
  stream.on('data', (chunk: Buffer) => {
    const kept = chunk.subarray(0, maxBytes - total);
    if (kept.length === 0) return;
    chunks.push(kept);
    total += kept.length;
  });
  return () => Buffer.concat(chunks).toString('utf8');
}

function finished(child: Tool, clock: Clock, timeoutMs: number, file: string): Promise<number> {
  return new Promise((resolve, reject) => {
    let cancel = clock.after(timeoutMs, () => {
      // until Node has seen its end, no other process can have its pid or group id
      if (child.exitCode === null && child.signalCode === null) killGroup(child);
      closePipes(child);
      reject(new Error(`${file} did not end within ${timeoutMs / 1_000} seconds and was killed`));
    });
    child.once('error', (error) => {
      cancel();
      closePipes(child);
      reject(new Error(`${file} could not be run: ${error.message}`, { cause: error }));
    });
    child.once('exit', () => {
      cancel();
      // in a later turn, so that the pipe is still read even if this process was stopped meanwhile
      cancel = clock.after(PIPE_GRACE_MS, () => clock.nextTurn(() => closePipes(child)));
    });
    child.once('close', (code: number | null, signal: NodeJS.Signals | null) => {
      cancel();
      resolve(statusOf({ code, signal }) ?? UNKNOWN_STATUS);
    });
  });
}

function killGroup(child: Tool): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch (error) {
    // it has just ended, or belongs to another user now: nothing more can be done
    if (codeOf(error) === null) throw error;
  }
}

function closePipes(child: Tool): void {
  child.stdout.destroy();
  child.stderr.destroy();
}
