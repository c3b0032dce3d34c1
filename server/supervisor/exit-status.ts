import { constants } from 'node:os';
import type { Exit } from '../instances/ports/runs.ts';
import { pause, type Clock } from '../instances/ports/time.ts';
import { isDead, readStat, type ProcessStat } from './process-stat.ts';
import { readTag } from './run-tag.ts';
import type { Signals } from './signals.ts';
import type { RunTree } from './tree.ts';
import { readExitFile } from './wrapper.ts';

/** How a child of this process ended, as Node reports it. */
export interface ChildEnd {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/**
 * How long to wait for the wrapper's own end after it wrote the status. The wrapper has nothing more to do, but a busy
 * machine needs a while.
 */
const WRAPPER_EXIT_MS = 100;
/**
 * Greatest believable age of an exit time. Even a server that was stopped for a while notices a watched end within this
 * time.
 */
const BELIEVED_MS = 60_000;
/** A shell reports death by signal n as 128 + n. */
const SIGNAL_BASE = 128;

/** Converts a shell's exit status. A program may return 128 + n itself, so code and signal are both kept. */
export function exitOf(code: number | null, at: number): Exit {
  const number = code === null ? 0 : code - SIGNAL_BASE;
  const name = Object.entries(constants.signals).find(([, value]) => value === number)?.[0];
  return { code, signal: name ?? null, at };
}

/**
 * Learns the exit status of a dead engine. Its wrapper writes the status within milliseconds, unless it was killed too or the
 * disk is full. If the wrapper is a child of this process, its own exit status then gives the answer.
 *
 * @param child how the wrapper ended; `null`: the wrapper is not a child of this process
 * @returns `null`: no status yet, but the wrapper may still report it
 */
export async function collectExit(
  { clock, signals }: { clock: Clock; signals: Signals },
  { run, identity }: Pick<RunTree, 'run' | 'identity'>,
  child: (() => ChildEnd | null) | null,
  patienceMs: number,
): Promise<Exit | null> {
  for (let waited = 0; ; waited += 1) {
    // check the wrapper before reading the file, so as not to miss what it wrote last
    const wrapper = identity === null ? null : findWrapper(identity.group, run.tag);
    const end = child?.() ?? null;
    const written = readExitFile(run.folder);
    if (written !== null) {
      if (wrapper !== null) await awaitWrapperEnd(clock, wrapper.pid, run.tag);
      return exitOf(written.code, timeOfExit(written.at, clock.now()));
    }
    if (end !== null) return exitOf(statusOf(end), clock.now());
    // no process is left that could report the status
    if (wrapper === null && child === null) return exitOf(null, clock.now());
    if (waited >= patienceMs) return null;
    // the wrapper was stopped together with the engine
    if (wrapper?.state === 'T') signals.process(wrapper.pid, wrapper.startTicks, 'SIGCONT');
    await pause(clock, 1);
  }
}

/** Finds the living wrapper of a run: it leads the run's group and carries its tag. A zombie does not count. */
export function findWrapper(group: number, tag: string): ProcessStat | null {
  const stat = readStat(group);
  if (stat === null || stat.group !== group || isDead(stat)) return null;
  const reading = readTag(group);
  return typeof reading === 'object' && reading.tag === tag ? stat : null;
}

async function awaitWrapperEnd(clock: Clock, pid: number, tag: string): Promise<void> {
  for (let left = WRAPPER_EXIT_MS; left > 0 && findWrapper(pid, tag) !== null; left -= 1) await pause(clock, 1);
}

/** Returns the written exit time, or `now` if it is not believable because the clock was set meanwhile. */
export function timeOfExit(written: number, now: number): number {
  return Math.abs(now - written) <= BELIEVED_MS ? written : now;
}

/** Returns the exit status that a shell would report: 128 + n for signal n; `null`: unknown. */
export function statusOf({ code, signal }: ChildEnd): number | null {
  return code ?? (signal === null ? null : SIGNAL_BASE + constants.signals[signal]);
}
