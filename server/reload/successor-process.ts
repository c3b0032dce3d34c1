import { type ChildProcess, spawn } from 'node:child_process';
import type { Duplex, Readable } from 'node:stream';
import type { Environment } from '../config/env.ts';

/** The descriptors by which a successor finds what it inherits. */
export const INHERITED = { listener: 3, channel: 4, lifeline: 5 } as const;

/** A server that was launched to replace this one. */
export interface SuccessorProcess {
  pid: number;
  channel: Duplex;
  /** Closes when it and all who replace it are gone; `null`: somebody else holds its other end. */
  lifeline: Readable | null;
  /** Resolves when it ended, to how. */
  ended: Promise<string>;
  /** At once. */
  kill(): void;
}

export interface LaunchParts {
  /** What launches the program. */
  command: string;
  argv: readonly string[];
  /** Where it works; left out: where we do. */
  cwd?: string;
  environment: Environment;
  /** The descriptor on which we listen. */
  listener: number;
  /** That of our own lifeline; `null`: we were started first, and hold the end of a new one. */
  lifeline: number | null;
}

/**
 * Launches the program anew, as it is on the disk now, in a session of its own: the end of a terminal is told to who was
 * started in it.
 *
 * @throws {Error} it cannot be launched
 */
export async function launchSuccessor(parts: LaunchParts): Promise<SuccessorProcess> {
  const { command, argv, cwd, environment, listener, lifeline } = parts;
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
  // What Node makes of `pipe` is a pair of sockets; its types know only the two that are read.
  return stream as Duplex;
}
