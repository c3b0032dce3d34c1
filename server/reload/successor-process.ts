import { type ChildProcess, spawn } from 'node:child_process';
import type { Duplex, Readable } from 'node:stream';
import type { Environment } from '../config/env.ts';

/** Descriptors with which a successor is launched. */
export const INHERITED = { listener: 3, channel: 4, lifeline: 5 } as const;

/** A server that was launched to replace this one. */
export interface SuccessorProcess {
  pid: number;
  channel: Duplex;
  /**
   * Closes when the launched process and all its successors are gone; `null`: the process that was started first reads
   * it.
   */
  lifeline: Readable | null;
  /** Resolves to a description of how the process ended. */
  ended: Promise<string>;
  /** Kills the process at once. */
  kill(): void;
}

export interface SuccessorLaunch {
  /** Program that launches llamactl. */
  command: string;
  argv: readonly string[];
  /** Working directory; left out: the one of this process. */
  cwd?: string;
  environment: Environment;
  /** Descriptor on which this process listens. */
  listener: number;
  /** Descriptor of this process's lifeline; `null`: this process was started first, and makes a new lifeline. */
  lifeline: number | null;
}

/**
 * Launches the program as it is on the disk now. The new process gets its own session, because the end of a terminal
 * signals only processes of the terminal's session.
 *
 * @throws {Error} if the process cannot be launched
 */
export async function launchSuccessor(launch: SuccessorLaunch): Promise<SuccessorProcess> {
  const { command, argv, cwd, environment, listener, lifeline } = launch;
  const child = spawn(command, argv, {
    detached: true,
    cwd,
    env: environment,
    stdio: ['ignore', 'inherit', 'inherit', listener, 'pipe', lifeline ?? 'pipe'],
  });
  const ended = new Promise<string>((resolve) => {
    child.once('exit', (code, signal) => resolve(signal === null ? `with code ${code}` : `by ${signal}`));
  });
  const pid = await new Promise<number>((resolve, reject) => {
    child.once('error', (error) => reject(new Error(`the new process cannot be launched: ${error.message}`)));
    child.once('spawn', () => resolve(child.pid ?? 0));
  });
  child.on('error', () => undefined);
  return {
    pid,
    channel: duplexOf(child, INHERITED.channel),
    lifeline: lifeline === null ? duplexOf(child, INHERITED.lifeline) : null,
    ended,
    kill: () => void child.kill('SIGKILL'),
  };
}

function duplexOf(child: ChildProcess, descriptor: number): Duplex {
  const stream: unknown = child.stdio[descriptor];
  // Node makes a duplex socket for `pipe`, but its types do not show that.
  return stream as Duplex;
}
