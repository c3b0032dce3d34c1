import { reasonOf } from '@llamactl/contract/reason';
import { spawn } from 'node:child_process';
import { stripVTControlCharacters } from 'node:util';

/** The output of a short program. */
export interface ToolOutput {
  stdout: string;
  stderr: string;
}

/** How to run a short program. */
export interface ToolOptions {
  environment: NodeJS.ProcessEnv;
  /** Working directory; default: the current one. */
  directory?: string;
  /** Kills the program; `runTool` then rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
}

/** A short program could not be started, or failed; `message` is the line with the cause. */
export class ToolError extends Error {
  override name = 'ToolError';
}

/** More than any of our tools prints. Of a longer output the end is kept, because errors are at the end. */
const KEPT_CHARACTERS = 1_000_000;

/**
 * Runs a short program to its end, without a shell and without stdin.
 *
 * @throws {ToolError} when it cannot be started, exits with another code than 0, or is killed.
 */
export async function runTool(program: string, args: readonly string[], options: ToolOptions): Promise<ToolOutput> {
  options.signal?.throwIfAborted();
  const child = spawn(program, args, {
    cwd: options.directory,
    env: options.environment,
    stdio: ['ignore', 'pipe', 'pipe'],
    // an aborted download is discarded, so SIGTERM would only let it linger
    ...(options.signal && { signal: options.signal, killSignal: 'SIGKILL' }),
  });
  const output: ToolOutput = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      output[name] = (output[name] + text).slice(-KEPT_CHARACTERS);
    });
  }
  const { promise, resolve, reject } = Promise.withResolvers<{ code: number | null; killedBy: string | null }>();
  let isAborted = false;
  child.on('error', (error) => {
    if (child.pid === undefined) reject(error);
    isAborted = true;
  });
  child.on('close', (code, killedBy) => resolve({ code, killedBy }));
  child.on('exit', () => {
    if (!isAborted) return;
    // its own children may keep the pipes open, which would delay `close`
    child.stdout.destroy();
    child.stderr.destroy();
  });
  const ending = await promise.catch((error: unknown) => {
    throw new ToolError(`${program} could not be started (${reasonOf(error)})`, { cause: error });
  });
  options.signal?.throwIfAborted();
  if (ending.code === 0) return output;
  const how = ending.killedBy === null ? `exited with code ${ending.code}` : `was ended by ${ending.killedBy}`;
  throw new ToolError(errorLine(output) ?? `${program} ${how} without output`);
}

/**
 * The most informative output line. In this order: the last that names a failed download (apt's summary follows it),
 * the last error (`E:` of apt, `ERROR:` of pip), the last line, nothing.
 */
function errorLine(output: ToolOutput): string | undefined {
  const lines = stripVTControlCharacters(`${output.stdout}\n${output.stderr}`)
    .split(/[\r\n]+/)
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const kinds = [/^[EW]: Failed to fetch /, /^(?:E|ERROR|error): ?/];
  const line =
    kinds.map((kind) => lines.findLast((text) => kind.test(text))).find((text) => text !== undefined) ?? lines.at(-1);
  // a tool's output ends up on a terminal
  return line?.replaceAll(/\p{Cc}/gu, '');
}
