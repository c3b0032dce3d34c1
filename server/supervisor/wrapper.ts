import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { errorCode } from './proc-file.ts';

/** Names in a run's folder, besides the log. */
export const FIFO_FILE = 'alive';
export const PID_FILE = 'PID';
export const EXIT_FILE = 'EXIT';
export const BOOT_FILE = 'BOOT';

export const SHELL = '/bin/sh';
/** `$0` of the wrapper: its own complaints in a run's log begin with it. */
export const WRAPPER_NAME = 'llamactl-exec';

/**
 * The small shell around an engine. `$1` is the run's folder, `$2` the engine's OOM score or nothing, the rest its argv. It
 * uses no variable before the fork, so none of the engine's environment can be hit.
 *
 * - Only a parent learns an exit status, and the engine outlives us: so a shell that outlives us too is its parent.
 * - The engine inherits the FIFO as descriptor 9; its closing tells a manager that is not the parent to look.
 * - `trap ''` stands after the fork: before it, the engine would inherit "ignored" (5–8 % of early SIGTERMs lost).
 * - `wait` is called once: in a loop around `kill -0` the shell reaps elsewhere and loses 60–87 % of the statuses.
 * - With the status it writes the machine's uptime: until then the run's session was the run's beyond doubt.
 * - The shell lets go of the log before it waits: its own "Killed" is no output of the engine.
 * - PID and EXIT count only when they end in a newline; on a full disk they stay empty.
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

/** Arguments for {@link SHELL}. @param oomScore Of the engine, from -1000 to 1000; `null`: the one that it inherits */
export function wrapperArguments(
  folder: string,
  oomScore: number | null,
  command: string,
  argv: readonly string[],
): string[] {
  return ['-c', SCRIPT, WRAPPER_NAME, folder, oomScore === null ? '' : String(oomScore), command, ...argv];
}

/** What `/proc/PID/cmdline` begins with in the wrapper, and in its child until that has become the engine. */
export const WRAPPER_COMMAND_LINE = Buffer.from([SHELL, '-c', SCRIPT, ''].join('\0'));

/** The pids of the engine and of its wrapper, which is also its group; `null`: not written yet, or the disk was full. */
export function readPids(folder: string): { engine: number; wrapper: number } | null {
  const match = /^(\d+) (\d+)\n$/.exec(readRunFile(folder, PID_FILE) ?? '');
  return match ? { engine: Number(match[1]), wrapper: Number(match[2]) } : null;
}

/** What the wrapper wrote when the engine had ended. */
export interface WrittenExit {
  code: number;
  /** Milliseconds since the epoch. */
  at: number;
  /** Of the machine, in seconds, at that moment; `null`: it could not be read. */
  uptimeSeconds: number | null;
}

/** `null`: not written. */
export function readExitFile(folder: string): WrittenExit | null {
  const match = /^(\d+) ([\d.]*)\n$/.exec(readRunFile(folder, EXIT_FILE) ?? '');
  if (!match) return null;
  return {
    code: Number(match[1]),
    at: Math.round(statSync(path.join(folder, EXIT_FILE)).mtimeMs),
    uptimeSeconds: match[2] ? Number(match[2]) : null,
  };
}

/** A small file of a run's folder; `null` when it is not there. */
export function readRunFile(folder: string, name: string): string | null {
  try {
    return readFileSync(path.join(folder, name), 'latin1');
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw error;
  }
}
