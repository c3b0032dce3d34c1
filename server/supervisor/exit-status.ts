import { constants } from 'node:os';
import type { Clock, Exit } from '../instances/ports.ts';
import { isDead, readStat, readTag, type ProcessStat } from './identity.ts';
import { pause } from './pause.ts';
import type { Signals } from './signals.ts';
import type { RunTree } from './tree.ts';
import { readExitFile } from './wrapper.ts';

/** How a child of ours ended, as Node tells it. */
export interface ChildEnd {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** From the status in the file to the wrapper's own end it has nothing more to do; on a busy machine that takes a while. */
const WRAPPER_EXIT_MS = 100;
/** An end that is seen as it comes is seen within this, also by a server that was stopped for a while. */
const BELIEVED_MS = 60_000;
/** A shell reports death by signal n as 128 + n. */
const SIGNAL_BASE = 128;

/** A shell's exit status as an {@link Exit}. A program may also return such a number itself: both are kept. */
export function exitOf(code: number | null, at: number): Exit {
  const number = code === null ? 0 : code - SIGNAL_BASE;
  const name = Object.entries(constants.signals).find(([, value]) => value === number)?.[0];
  return { code, signal: name ?? null, at };
}

/**
 * Learns the exit status of an engine that is dead. Its wrapper writes it within milliseconds, unless it was killed too
 * or the disk is full; a wrapper that is our own child then still tells by its own status.
 *
 * @param child how our own child ended; `null`: the wrapper is not our child
 * @returns `null`: nothing yet, though the wrapper may still tell
 */
export async function collectExit(
  { clock, signals }: { clock: Clock; signals: Signals },
  { run, identity }: Pick<RunTree, 'run' | 'identity'>,
  child: (() => ChildEnd | null) | null,
  patienceMs: number,
): Promise<Exit | null> {
  for (let waited = 0; ; waited += 1) {
    // asked before the file is read: what it wrote last must not be missed
    const wrapper = identity === null ? null : findWrapper(identity.group, run.tag);
    const end = child?.() ?? null;
    const written = readExitFile(run.folder);
    if (written !== null) {
      if (wrapper !== null) await awaitWrapperEnd(clock, wrapper.pid, run.tag);
      return exitOf(written.code, timeOfExit(written.at, clock.now()));
    }
    if (end !== null) return exitOf(statusOf(end), clock.now());
    // nobody is left who could tell
    if (wrapper === null && child === null) return exitOf(null, clock.now());
    if (waited >= patienceMs) return null;
    // it was stopped together with the engine
    if (wrapper?.state === 'T') signals.process(wrapper.pid, wrapper.startTicks, 'SIGCONT');
    await pause(clock, 1);
  }
}

/** The living wrapper of a run: it leads the run's group and carries its tag. A zombie is still to be waited for by us. */
export function findWrapper(group: number, tag: string): ProcessStat | null {
  const stat = readStat(group);
  if (stat === null || stat.group !== group || isDead(stat)) return null;
  const reading = readTag(group);
  return typeof reading === 'object' && reading.tag === tag ? stat : null;
}

async function awaitWrapperEnd(clock: Clock, pid: number, tag: string): Promise<void> {
  for (let left = WRAPPER_EXIT_MS; left > 0 && findWrapper(pid, tag) !== null; left -= 1) await pause(clock, 1);
}

/** Files tell the time of a machine whose clock may have been set since; then it is now. */
export function timeOfExit(written: number, now: number): number {
  return Math.abs(now - written) <= BELIEVED_MS ? written : now;
}

/** How a shell would report the end of a child: 128 + n for signal n; `null`: not known. */
export function statusOf({ code, signal }: ChildEnd): number | null {
  return code ?? (signal === null ? null : SIGNAL_BASE + constants.signals[signal]);
}
