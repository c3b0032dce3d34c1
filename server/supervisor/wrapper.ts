import { codeOf } from '@llamactl/contract/reason';
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';

/** Names in a run's folder, besides the log. */
export const FIFO_FILE = 'alive';
export const PID_FILE = 'PID';
export const EXIT_FILE = 'EXIT';
export const BOOT_FILE = 'BOOT';

export const SHELL = '/bin/sh';
/** `$0` of the wrapper. The wrapper's own error messages in a run's log begin with it. */
export const WRAPPER_NAME = 'llamactl-exec';

/**
 * Shell script of the wrapper. `$1` is the run's folder, `$2` the engine's OOM score or empty, the rest the engine's
 * command line. The script sets no variable before the fork, so it cannot change the engine's environment.
 *
 * - Only a parent learns an exit status, and the engine outlives the server. So its parent is a shell that outlives it
 *   too.
 * - The engine inherits the FIFO as descriptor 9. When it closes, a server that is not the parent checks the engine.
 * - `trap ''` comes after the fork: otherwise the engine would inherit "ignored" (5–8 % of early SIGTERMs lost).
 * - `wait` is called once: in a loop around `kill -0` the shell reaps elsewhere and loses 60–87 % of the statuses.
 * - The wrapper writes the machine's uptime with the status: until that moment the session certainly belonged to the
 *   run.
 * - The wrapper closes the log before it waits, so that its own "Killed" does not appear in the engine's output.
 * - PID and EXIT are valid only if they end in a newline; on a full disk they stay empty.
 */
export const SCRIPT = `{ mkfifo -m 600 "$1/${FIFO_FILE}" || command -p mkfifo -m 600 "$1/${FIFO_FILE}"; } 2>/dev/null && exec 9<>"$1/${FIFO_FILE}"
( [ -z "$2" ] || { echo "$2" > /proc/self/oom_score_adj; } 2>/dev/null; shift 2; exec "$@" ) & p=$!
trap '' TERM INT HUP QUIT
exec >/dev/null 2>&1 9>&-
echo "$p $$" > "$1/${PID_FILE}"
wait $p; c=$?
read -r u _ < /proc/uptime
echo "$c $u" > "$1/${EXIT_FILE}"
exit $c`;

/** Builds the arguments for {@link SHELL}. @param oomScore Score of the engine, -1000 to 1000; `null`: it inherits its score */
export function wrapperArguments(
  folder: string,
  oomScore: number | null,
  command: string,
  argv: readonly string[],
): string[] {
  return ['-c', SCRIPT, WRAPPER_NAME, folder, oomScore === null ? '' : String(oomScore), command, ...argv];
}

/** Start of `/proc/PID/cmdline` of the wrapper, and of its child until the child has become the engine. */
export const WRAPPER_COMMAND_LINE = Buffer.from([SHELL, '-c', SCRIPT, ''].join('\0'));

/** Reads the pids of the engine and its wrapper, which leads the group; `null`: not written yet, or the disk was full. */
export function readPids(folder: string): { engine: number; wrapper: number } | null {
  const match = /^(\d+) (\d+)\n$/.exec(readRunFile(folder, PID_FILE) ?? '');
  return match ? { engine: Number(match[1]), wrapper: Number(match[2]) } : null;
}

/** The exit that the wrapper wrote after the engine ended. */
export interface WrittenExit {
  code: number;
  /** Milliseconds since the epoch. */
  at: number;
  /** Uptime of the machine at that moment, in seconds; `null`: it could not be read. */
  uptimeSeconds: number | null;
}

/** Reads the exit that the wrapper wrote; `null`: not written. */
export function readExitFile(folder: string): WrittenExit | null {
  const match = /^(\d+) ([\d.]*)\n$/.exec(readRunFile(folder, EXIT_FILE) ?? '');
  if (!match) return null;
  return {
    code: Number(match[1]),
    at: Math.round(statSync(path.join(folder, EXIT_FILE)).mtimeMs),
    uptimeSeconds: match[2] ? Number(match[2]) : null,
  };
}

/** Reads a small file of a run's folder; `null`: it does not exist. */
export function readRunFile(folder: string, name: string): string | null {
  try {
    return readFileSync(path.join(folder, name), 'latin1');
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw error;
  }
}
