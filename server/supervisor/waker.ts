import { spawn } from 'node:child_process';
import { RUN_WOKEN, RUN_LOG } from '../instances/ports/run-output.ts';
import type { RunReference } from '../instances/ports/runs.ts';
import type { SupervisorLog } from './signals.ts';

/** A small process that sends SIGCONT to a frozen run if this process dies. */
export interface Waker {
  /** Ends the waker without a signal, after the run was resumed. */
  dismiss(): void;
}

/** Starts a waker. @returns `null` when it cannot be started: then do not freeze the run */
export type StartWaker = (run: RunReference, targets: readonly number[]) => Waker | null;

/**
 * Shell script of the waker. Its standard input is a pipe from this process: a line means "dismissed"; an end of input
 * without a line means that this process is dead. Before the SIGCONT, the script writes the log's size to a file, which
 * shows whether the log was cut.
 */
const SCRIPT = `read -r dismissed && exit
wc -c < "$1/${RUN_LOG}" > "$1/${RUN_WOKEN}"
shift
for target; do kill -CONT "$target"; done`;

/** @param environment environment of the shell: `PATH` */
export function createWaker(environment: Readonly<Record<string, string>>, log: SupervisorLog): StartWaker {
  return ({ tag, folder }, targets) => {
    const argv = ['-c', SCRIPT, 'llamactl-waker', folder, ...targets.map(String)];
    // its own session, so that a kill of this process's group does not reach it
    const waker = spawn('/bin/sh', argv, { detached: true, stdio: ['pipe', 'ignore', 'ignore'], env: environment });
    waker.on('error', (error) => log.warn({ tag, error }, 'The waker of a run failed'));
    // EPIPE: the waker was killed
    waker.stdin.on('error', (error) => log.warn({ tag, error }, 'The waker of a run ended early'));
    waker.unref();
    if (waker.pid === undefined) return null;
    return { dismiss: () => void waker.stdin.end('dismissed\n') };
  };
}
