import type { Logger } from 'pino';
import type { Callers } from './callers.ts';
import type { Requests } from '../gateway/requests.ts';
import type { HttpServer } from '../http/server.ts';
import { inheritLock } from './inherited-lock.ts';
import type { Instances } from '../instances/instances.ts';
import type { Clock } from '../instances/ports/time.ts';
import { openDoor } from '../reload/door.ts';
import type { Inheritance } from '../reload/inheritance.ts';
import { acquireLock, type Lock } from '../store/lock.ts';
import type { Teardown } from './teardown.ts';
import type { UsageKeeping } from './usage-keeping.ts';

/** Pause before `server.json` is written again after a failure, such as a full disk. */
const DESCRIBE_AGAIN_MS = 1_000;

export interface LockParts {
  /** The data directory. */
  directory: string;
  version: string;
  /** Milliseconds since the epoch. */
  startedAt: number;
  clock: Pick<Clock, 'after'>;
}

/**
 * Makes this process the only server of a data directory.
 *
 * @param inheritance From the predecessor that releases the lock; `null`: no predecessor.
 * @throws {Error} for people: another process has the directory
 */
export async function takeLock(inheritance: Inheritance | null, parts: LockParts): Promise<Lock> {
  const { directory, version, startedAt, clock } = parts;
  return (inheritance === null ? acquireLock : inheritLock(inheritance))({
    directory,
    pid: process.pid,
    version,
    startedAt: new Date(startedAt).toISOString(),
    later: (again) => void clock.after(DESCRIBE_AGAIN_MS, again),
  });
}

/** Services that a predecessor needs. */
export interface TakingOverParts {
  instances: Pick<Instances, 'leases' | 'manager'>;
  callers: Pick<Callers, 'audit' | 'auth'>;
  usage: Pick<UsageKeeping, 'count'>;
  requests: Pick<Requests, 'finishedElsewhere'>;
  log: Pick<Logger, 'debug'>;
}

/**
 * From now on, serves the predecessor's leases and its requests for leases. The predecessor passes on requests of
 * callers later.
 */
export async function servePredecessor(
  { link }: Inheritance,
  { instances, callers: { audit, auth }, usage, requests, log }: TakingOverParts,
): Promise<void> {
  await link.serve({
    leases: instances.leases,
    acquire: (request) => instances.manager.acquire(request),
    record: (entry) => audit.record(entry),
    used: (request) => usage.count(request),
    finished: (request) => requests.finishedElsewhere(request),
    onUnknown: (type) => log.debug({ type }, 'The old server sent a message that this version does not know'),
  });
  auth.watchDead((dead) => link.dead(dead));
}

/** Opens a door for the predecessor's requests, and reports that this server serves. @param folder Folder of doors. */
export async function takeRequests(
  { link }: Inheritance,
  { folder, http, teardown }: { folder: string; http: Pick<HttpServer, 'take'>; teardown: Teardown },
): Promise<void> {
  const door = await openDoor(folder, (socket, introduction) => http.take(socket, introduction));
  void link.closed.then(() => door.close());
  // In a hand-over keep link and door: the predecessor needs both while it lives.
  teardown.add((isHandingOver) => {
    if (isHandingOver) return;
    link.end();
    door.close();
  });
  link.ready(door.path);
}
