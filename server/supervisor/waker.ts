import { spawn } from 'node:child_process';
import { RUN_WOKEN, RUN_LOG, type RunReference } from '../instances/ports.ts';
import type { SupervisorLog } from './signals.ts';

/** A small process that sends SIGCONT to a frozen run if this process dies. */
export interface Waker {
  /** Ends it without a signal: the run was woken. */
  dismiss(): void;
}

/** @returns `null` when it cannot be started: then freeze nothing */
export type StartWaker = (run: RunReference, targets: readonly number[]) => Waker | null;

/**
 * Its standard input is a pipe from this process. A line means "dismissed", an end without a line means that this process
 * is dead. The log's size goes to a file before the SIGCONT: it says whether the log was cut before the death.
 */
const SCRIPT = `read -r dismissed && exit
wc -c < "$1/${RUN_LOG}" > "$1/${RUN_WOKEN}"
shift
for target; do kill -CONT "$target"; done`;

/** @param environment what the shell gets: `PATH` */
export function createWaker(environment: Readonly<Record<string, string>>, log: SupervisorLog): StartWaker {
  return ({ tag, folder }, targets) => {
    const argv = ['-c', SCRIPT, 'llamactl-waker', folder, ...targets.map(String)];
    // a session of its own: a kill of our group must not reach it
    const waker = spawn('/bin/sh', argv, { detached: true, stdio: ['pipe', 'ignore', 'ignore'], env: environment });
    waker.on('error', (error) => log.warn({ tag, error }, 'The waker of a run failed'));
    // EPIPE: somebody killed it
    waker.stdin.on('error', (error) => log.warn({ tag, error }, 'The waker of a run ended early'));
    waker.unref();
    if (waker.pid === undefined) return null;
    return { dismiss: () => void waker.stdin.end('dismissed\n') };
  };
}
