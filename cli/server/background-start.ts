import { reasonOf } from '@llamactl/contract/reason';
import { spawn } from 'node:child_process';
import { EXIT } from '../exit-status.ts';
import { Problem } from '../problem.ts';
import type { OwnProgram } from './own-program.ts';
import { ServerLog } from './server-log.ts';

/** The result of a start: the server listens, or it ended instead. */
export type StartOutcome =
  | { kind: 'listens' }
  | {
      kind: 'ended';
      /** Its last message, line by line; empty: it left none. */
      message: readonly string[];
      /** For people: `with status 1`. */
      how: string;
    };

/** How to launch a server. */
export interface Launch {
  program: Pick<OwnProgram, 'command' | 'argv'>;
  /** The flags of `serve`. */
  flags: readonly string[];
  environment: Readonly<Record<string, string | undefined>>;
  /** The file for its output, absolute. */
  log: string;
  /** Makes the folder of the log, which may exist. */
  makeFolder: (folder: string) => void;
  /** Ends a server that does not listen yet. */
  signal: AbortSignal;
}

/** Variables by which systemd addresses the main process of a service. */
const MANAGERS = new Set(['NOTIFY_SOCKET', 'WATCHDOG_PID', 'WATCHDOG_USEC']);

/**
 * Removes the variables of a service manager. This program may belong to a service, such as cron, but the server does
 * not, so it must not report to the manager.
 */
function withoutManager(environment: Launch['environment']): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !MANAGERS.has(name)));
}

/**
 * Launches a server that outlives this process and its terminal, and waits until it listens or ends. It has a session
 * of its own and no controlling terminal.
 *
 * @throws {Problem} when the program cannot be launched, or the signal aborts
 */
export async function startInBackground(launch: Launch): Promise<StartOutcome> {
  const { program, flags, environment, log, makeFolder, signal } = launch;
  signal.throwIfAborted();
  const output = new ServerLog(log, makeFolder);
  try {
    const child = spawn(program.command, [...program.argv, 'serve', ...flags], {
      detached: true,
      stdio: ['ignore', 'pipe', output.descriptor],
      env: withoutManager(environment),
    });
    const { stdout } = child;
    const { promise, resolve, reject } = Promise.withResolvers<'listens' | { how: string }>();
    const abort = (): void => {
      child.kill('SIGTERM');
      reject(new Problem('interrupted; the server was not started', EXIT.interrupted));
    };
    signal.addEventListener('abort', abort, { once: true });
    child.once('error', (error) => {
      reject(new Problem(`the server cannot be launched: ${reasonOf(error)}`, EXIT.failed));
    });
    child.once('exit', (code, by) => {
      resolve({ how: by === null ? `with status ${code}` : `by ${by}` });
    });
    // `serve` prints nothing before it listens.
    stdout?.once('data', () => resolve('listens'));
    try {
      const reached = await promise;
      return reached === 'listens' ? { kind: reached } : { kind: 'ended', message: output.failure(), ...reached };
    } finally {
      signal.removeEventListener('abort', abort);
      // The server goes on without a reader of its standard output.
      stdout?.destroy();
      child.unref();
    }
  } finally {
    output.close();
  }
}
