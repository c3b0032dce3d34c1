import { spawn } from 'node:child_process';
import { stripVTControlCharacters } from 'node:util';

/** What a short program printed. */
export interface ToolOutput {
  stdout: string;
  stderr: string;
}

/** How a short program is run. */
export interface ToolOptions {
  environment: NodeJS.ProcessEnv;
  /** Working directory; ours when absent. */
  directory?: string;
  /** Kills the program; `runTool` rejects with the signal's reason once it has ended. */
  signal?: AbortSignal | undefined;
}

/** A short program could not be started or ended badly; `message` is the line that says why. */
export class ToolError extends Error {
  override name = 'ToolError';
}

/** More than any tool of ours prints; only the end of a longer output is kept, as that is where the error stands. */
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
    // a download stopped in the middle is thrown away: SIGTERM would only give it the time to hang
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
    // its own children may hold the pipes open for long, which would put off `close`
    child.stdout.destroy();
    child.stderr.destroy();
  });
  const ending = await promise.catch((error: unknown) => {
    throw new ToolError(`${program} could not be started (${messageOf(error)})`, { cause: error });
  });
  options.signal?.throwIfAborted();
  if (ending.code === 0) return output;
  const how = ending.killedBy === null ? `exited with code ${ending.code}` : `was ended by ${ending.killedBy}`;
  throw new ToolError(telling(output) ?? `${program} ${how} without a word`);
}

/**
 * The line that tells most: the last that names a file that failed to come (apt sums up after it), else the last marked as
 * an error (`E:` of apt, `ERROR:` of pip), else the last of all, else nothing.
 */
function telling(output: ToolOutput): string | undefined {
  const lines = stripVTControlCharacters(`${output.stdout}\n${output.stderr}`)
    .split(/[\r\n]+/)
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const kinds = [/^[EW]: Failed to fetch /, /^(?:E|ERROR|error): ?/];
  const line =
    kinds.map((kind) => lines.findLast((text) => kind.test(text))).find((text) => text !== undefined) ?? lines.at(-1);
  // what a tool prints ends on a terminal
  return line?.replaceAll(/\p{Cc}/gu, '');
}

/** What a caught thing says, as one text. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
