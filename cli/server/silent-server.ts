import { EXIT } from '../exit-status.ts';
import { Problem } from '../problem.ts';
import { localServer } from './local-server.ts';

/** Milliseconds in which a working server answers `/livez`, also one that is busy or hands over to another. */
const PATIENCE_MS = 10_000;

/** The server of a data directory, as its description names it. */
export interface DescribedServer {
  /** Absolute path of its data directory. */
  directory: string;
  pid: number;
  /** Its address, with the base path; `null`: it does not listen yet. */
  url: string | null;
}

/**
 * Refuses a server that takes connections but answers none, as one that hangs or was stopped with SIGSTOP. A server that
 * refuses connections is about to end, and passes.
 *
 * @param patience Longest wait in milliseconds.
 * @throws {Problem} when it does not answer in time
 * @throws the signal's reason
 */
export async function assertAnswers(
  server: DescribedServer,
  signal: AbortSignal,
  patience = PATIENCE_MS,
): Promise<void> {
  if (server.url === null || !(await isSilent(server.url, signal, patience))) return;
  const { directory, pid } = server;
  throw new Problem(
    `process ${pid} holds the data directory ${directory}, but did not answer within ${patience / 1_000} s`,
    EXIT.unreachable,
    localServer(directory)?.pid === pid ? silenceRemedies(pid) : [],
  );
}

/** Steps against a server that hangs. @param pid Of the process that holds the lock of the data directory. */
export function silenceRemedies(pid: number): string[] {
  return [`if it stays so: kill -9 ${pid}, then llamactl up; engines keep running, and the next server adopts them`];
}

async function isSilent(url: string, signal: AbortSignal, patience: number): Promise<boolean> {
  const limit = AbortSignal.timeout(patience);
  try {
    const answer = await fetch(`${url}/livez`, { redirect: 'manual', signal: AbortSignal.any([signal, limit]) });
    await answer.body?.cancel();
    return false;
  } catch {
    signal.throwIfAborted();
    // Any other failure is an answer: the process, or its end, refused the connection.
    return limit.aborted;
  }
}
