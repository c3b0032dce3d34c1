import path from 'node:path';
import { RUN_LOG } from '../instances/ports/run-output.ts';
import type { LaunchPlan, ProcessIdentity, RunReference } from '../instances/ports/runs.ts';
import { pause, type Clock } from '../instances/ports/time.ts';
import { containerArguments } from './container.ts';
import { findExecutable } from './executable.ts';
import { exitOf, type ChildEnd } from './exit-status.ts';
import { hasBecomeEngine, type EngineFinder } from './find-engine-process.ts';
import { isDead, readStat } from './process-stat.ts';
import { readTag } from './run-tag.ts';
import { readProc } from './proc-file.ts';
import { NEVER_SEEN } from './tree.ts';
import { launchWrapper, type WrapperProcess } from './spawn.ts';
import { readExitFile, readPids, WRAPPER_NAME } from './wrapper.ts';

/** A launched engine and its wrapper. */
export interface Launched {
  identity: ProcessIdentity;
  wrapper: WrapperProcess;
}

export interface LauncherDependencies {
  clock: Clock;
  finder: EngineFinder;
  bootId: string;
  /** The few variables that engines inherit. */
  inheritedEnvironment: Readonly<Record<string, string>>;
  /** Descriptors of this process that engines must not inherit. */
  kept: readonly number[];
  /** Ends the processes that a failed launch left. */
  cleanUp(run: RunReference, group: number): Promise<void>;
}

export interface Launcher {
  /**
   * Launches one engine. At most one per turn of the event loop, because each costs a fork of this process.
   *
   * @throws {Error} a reason for people; then no process of the run is left
   */
  launch(run: RunReference, plan: LaunchPlan, secrets: Record<string, string>): Promise<Launched>;
  /** Stops launching. Engines that were launched keep running. */
  close(): void;
}

/** Interval of the checks for the pid, which usually takes 1–3 ms. */
const LOOK_EVERY_MS = 1;
/** When to search by the tag: if the pid file is still missing, the disk may be full. */
const SEARCH_AFTER_MS = 250;
/** A launch that takes longer hangs: on a dead network disk, or on an overloaded machine. */
const GIVE_UP_AFTER_MS = 10_000;
/**
 * How long to wait for the exec, which usually takes 1 ms. A program on a slow disk takes longer; its failure is then
 * treated as an exit.
 */
const EXEC_PATIENCE_MS = 500;
/** Exit codes of a shell for a file that could not be run, and for a missing file. */
const CANNOT_RUN = 126;
const NOT_FOUND = 127;
/** How much of the log to search: an error of the shell is at its beginning. */
const LOG_HEAD_BYTES = 4_096;

export function createLauncher(dependencies: LauncherDependencies): Launcher {
  const { clock, finder, inheritedEnvironment, bootId, kept } = dependencies;
  const waiting: (() => void)[] = [];
  let isClosed = false;

  const launchNext = (): void => {
    waiting.shift()?.();
    if (waiting.length > 0) clock.nextTurn(launchNext);
  };
  const ownTurn = (): Promise<void> =>
    new Promise((resolve) => {
      waiting.push(resolve);
      if (waiting.length === 1) clock.nextTurn(launchNext);
    });

  return {
    launch: async (run, plan, secrets) => {
      const environment = { ...inheritedEnvironment, ...plan.environment, ...plan.gpuVariables, ...secrets };
      const command = await findExecutable(plan.command, environment['PATH'] ?? '');
      await ownTurn();
      if (isClosed) throw new Error(`${command} was not launched: llamactl is shutting down`);
      const argv = containerArguments(run, plan, secrets);
      const wrapper = await launchWrapper(run, command, { ...plan, argv }, environment, bootId, kept);
      try {
        const identity = await awaitPid(clock, finder, run, wrapper, bootId, command);
        await awaitExec(clock, identity, run, command);
        return { identity, wrapper };
      } catch (error) {
        // Once closed, the launched engine belongs to the server that adopts it.
        if (!isClosed) await dependencies.cleanUp(run, wrapper.pid);
        throw error;
      }
    },
    close: () => {
      isClosed = true;
    },
  };
}

async function awaitPid(
  clock: Clock,
  finder: EngineFinder,
  run: RunReference,
  wrapper: WrapperProcess,
  bootId: string,
  command: string,
): Promise<ProcessIdentity> {
  for (let waited = 0; waited < GIVE_UP_AFTER_MS; waited += LOOK_EVERY_MS) {
    // check the wrapper before reading the file, so as not to miss what it wrote last
    const end = wrapper.end();
    const pids = readPids(run.folder);
    if (pids !== null) {
      const startTicks = startOf(pids.engine, wrapper.pid, run.tag);
      return { pid: pids.engine, startTicks, bootId, group: wrapper.pid };
    }
    const isOverdue = waited > 0 && waited % SEARCH_AFTER_MS === 0;
    if (end !== null || isOverdue) {
      const found = await finder.byTag(run);
      if (found !== null) return found;
    }
    if (end !== null) throw new Error(prematureEnd(run, end, command));
    await pause(clock, LOOK_EVERY_MS);
  }
  throw new Error(`${command} could not be launched within ${GIVE_UP_AFTER_MS / 1_000} seconds`);
}

/**
 * Returns the engine's start time. If the engine has ended and its pid was reused, returns a time that matches no
 * process.
 */
function startOf(pid: number, session: number, tag: string): number {
  const stat = readStat(pid);
  if (stat === null) return NEVER_SEEN;
  if (stat.session === session) return stat.startTicks;
  const reading = readTag(pid);
  return typeof reading === 'object' && reading.tag === tag ? stat.startTicks : NEVER_SEEN;
}

/** Waits until the engine's program replaced the shell, to distinguish an engine that fails from one that cannot be run. */
async function awaitExec(clock: Clock, identity: ProcessIdentity, run: RunReference, command: string): Promise<void> {
  for (let waited = 0; waited < EXEC_PATIENCE_MS; waited += LOOK_EVERY_MS) {
    if (hasBecomeEngine(identity.pid)) return;
    const written = readExitFile(run.folder);
    if (written !== null) {
      const reason = wrapperFailure(run, written.code, command);
      if (reason !== null) throw new Error(reason);
      return;
    }
    const stat = readStat(identity.pid);
    const isRunning = stat !== null && stat.startTicks === identity.startTicks && !isDead(stat);
    // the status comes within milliseconds, or never
    if (!isRunning && waited >= SEARCH_AFTER_MS) return;
    await pause(clock, LOOK_EVERY_MS);
  }
}

/** Returns why the shell could not run a file; `null`: the file ran, and the status is the engine's own. */
function wrapperFailure(run: RunReference, code: number, command: string): string | null {
  if (code !== CANNOT_RUN && code !== NOT_FOUND) return null;
  const complaint = complaintIn(run);
  if (complaint === null) return null;
  return code === NOT_FOUND
    ? `${command} cannot be run: the interpreter or loader that it names is missing`
    : `${command} cannot be run: ${complaint}`;
}

function prematureEnd(run: RunReference, { code, signal }: ChildEnd, command: string): string {
  const failure = code === null ? null : wrapperFailure(run, code, command);
  if (failure !== null) return failure;
  if (code === null) return `${command} was ended by ${signal ?? 'a signal'} while it was being launched`;
  const complaint = complaintIn(run);
  if (complaint !== null) return `${command} could not be launched: ${complaint}`;
  return `${command} ended with ${exitOf(code, 0).signal ?? `code ${code}`} before its pid was known`;
}

/** Returns the end of the shell's own error message, such as `Exec format error`; `null`: no message. */
function complaintIn(run: RunReference): string | null {
  const head = readProc(path.join(run.folder, RUN_LOG), LOG_HEAD_BYTES);
  if (!(head instanceof Buffer)) return null;
  const lines = head.toString('utf8').split('\n');
  const complaint = lines.find((line) => line.startsWith(`${WRAPPER_NAME}: `));
  return complaint === undefined ? null : complaint.slice(complaint.lastIndexOf(': ') + 2);
}
