import { codeOf, reasonOf } from '@llamactl/contract/reason';
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, constants, mkdirSync, openSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { RUN_LOG } from '../instances/ports/run-output.ts';
import type { LaunchPlan, RunReference } from '../instances/ports/runs.ts';
import { TAG_VARIABLE } from './run-tag.ts';
import { readShortProc } from './proc-file.ts';
import type { ChildEnd } from './exit-status.ts';
import { launchWithout } from './left-open.ts';
import { BOOT_FILE, EXIT_FILE, PID_FILE, readRunFile, SHELL, wrapperArguments } from './wrapper.ts';

/** The wrapper of an engine, as a child of this process. */
export interface WrapperProcess {
  /** Also the id of the run's process group. */
  pid: number;
  /** `null` while it runs. */
  end(): ChildEnd | null;
  /** Calls back when the wrapper ends, or at once if it has ended. */
  onEnd(callback: (end: ChildEnd) => void): void;
}

/**
 * Launches the wrapper of an engine; no other code launches engines. The engine gets its own session and group, and its
 * output goes directly into the run's log. The engine shares no pipe with this process, so it can outlive this process
 * and holds nothing of it. The launch costs a fork of this process: 1.3 ms at 50 MB of memory, 16–19 ms at 350 MB.
 *
 * @param command Absolute path.
 * @param kept Descriptors of this process that the engine must not inherit.
 * @throws {Error} a reason for people; then nothing was launched
 */
export async function launchWrapper(
  run: RunReference,
  command: string,
  plan: LaunchPlan,
  environment: Record<string, string>,
  bootId: string,
  kept: readonly number[],
): Promise<WrapperProcess> {
  prepareFolder(run.folder, bootId);
  const log = openLog(run.folder);
  try {
    const child = launchWithout(kept, (others) =>
      spawn(SHELL, wrapperArguments(run.folder, engineOomScore(), command, plan.argv), {
        detached: true,
        stdio: ['ignore', log, log, ...others],
        // the tag last, so that no setting can replace it
        env: { ...environment, [TAG_VARIABLE]: run.tag },
      }),
    );
    return await wrapperOf(child);
  } catch (error) {
    throw new Error(launchProblem(error, command), { cause: error });
  } finally {
    closeSync(log);
  }
}

function prepareFolder(folder: string, bootId: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    if (readRunFile(folder, PID_FILE) !== null || readRunFile(folder, EXIT_FILE) !== null) {
      throw new Error('it contains another run already');
    }
    writeFileSync(path.join(folder, BOOT_FILE), `${bootId}\n`, { mode: 0o600 });
  } catch (error) {
    throw new Error(`The folder of the run, ${folder}, cannot be used: ${reasonOf(error)}`, { cause: error });
  }
}

function openLog(folder: string): number {
  try {
    return openSync(path.join(folder, RUN_LOG), constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT, 0o600);
  } catch (error) {
    throw new Error(`The log of the run cannot be opened: ${reasonOf(error)}`, { cause: error });
  }
}

function wrapperOf(child: ChildProcess): Promise<WrapperProcess> {
  let end: ChildEnd | null = null;
  const callbacks: ((end: ChildEnd) => void)[] = [];
  child.unref();
  child.once('exit', (code, signal) => {
    end = { code, signal };
    for (const callback of callbacks) callback(end);
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    const { pid } = child;
    if (pid === undefined) return;
    resolve({
      pid,
      end: () => end,
      onEnd: (callback) => {
        if (end === null) callbacks.push(callback);
        else callback(end);
      },
    });
  });
}

function launchProblem(error: unknown, command: string): string {
  switch (codeOf(error)) {
    case 'E2BIG':
      return `${command} cannot be launched: its arguments and environment are too long for this system`;
    case 'EAGAIN':
      return `${command} cannot be launched: the system's limit of processes is reached`;
    case 'ENOMEM':
      return `${command} cannot be launched: the system is out of memory`;
    case 'EMFILE':
    case 'ENFILE':
      return `${command} cannot be launched: too many files are open`;
    default:
      return `${command} cannot be launched: ${reasonOf(error)}`;
  }
}

/**
 * How much an engine's OOM score is above that of this process; scores end at 1000. When memory is short, the kernel
 * kills engines before llamactl and ordinary programs.
 */
const ABOVE = 200;
const HIGHEST = 1_000;

/** Returns the OOM score of a new engine; `null`: the system has no such scores. Raising one's own score needs no privilege. */
export function engineOomScore(): number | null {
  const own = readShortProc('/proc/self/oom_score_adj');
  return own instanceof Buffer ? scoreAbove(Number.parseInt(own.toString('latin1'), 10)) : null;
}

/** Computes an engine's score from this process's. It is above zero even if this process's is below: engines are not protected. */
export function scoreAbove(own: number): number | null {
  return Number.isNaN(own) ? null : Math.min(Math.max(own, 0) + ABOVE, HIGHEST);
}
