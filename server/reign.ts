import type { Config } from '@llamactl/contract/config';
import type { HttpServer } from './http/server.ts';
import type { Instances } from './instances/instances.ts';
import { Moved } from './instances/moved.ts';
import type { Clock } from './instances/ports.ts';
import type { Inheritance } from './reload/inheritance.ts';
import type { Reign } from './reload/reign.ts';
import type { Turnstile } from './reload/turnstile.ts';
import type { Lock, ReloadNote } from './store/lock.ts';

/**
 * What a request that is being served may take until the next server takes over: all others wait so long. What takes longer
 * is asked there: anew where it has changed nothing yet, else what came of it.
 */
const HOLD_MS = 1_000;

export interface ReignParts extends Pick<Reign, 'url' | 'recordBy' | 'close'> {
  ownPort: number;
  config: Config;
  version: string;
  clock: Pick<Clock, 'after'>;
  /** `null`: nobody served before. */
  inheritance: Inheritance | null;
  lock: Pick<Lock, 'describe'>;
  http: HttpServer;
  turnstile: Turnstile;
  /** Sends away who waits for an outcome. */
  shutdown: AbortController;
  /** Another server answers in our place. */
  leaving: AbortController;
  instances: Pick<Instances, 'handOver' | 'leases'>;
  /** Closes everything but what connections need, the lock at last. */
  release(): Promise<void>;
  /** Ends what is served here with these credentials. */
  shutOut: Reign['shutOut'];
  /** The last connection is gone. */
  atLast(): Promise<void>;
}

/** A server, once it is built, as one that can be replaced. */
export function createReign(parts: ReignParts): Reign {
  const { config, version, clock, inheritance, lock, http, turnstile, shutdown, leaving, instances } = parts;
  let cutting: Promise<void> | null = null;
  return {
    url: parts.url,
    listener: http.app.server,
    hello: {
      pid: process.pid,
      version,
      dataDirectory: config.data_dir,
      address: { host: config.server.host, port: config.server.port },
      listening: parts.ownPort,
    },
    reload: inheritance?.hello.reload ?? 0,
    note: (number, reason) => {
      const from = { pid: process.pid, version };
      const isNoted = lock.describe({
        reload: { number, state: reason === null ? 'under_way' : 'failed', reason, from },
      });
      if (!isNoted) throw new Error('the disk of the data directory is full');
    },
    hold: async () => {
      http.sayGoodbye();
      const isQuiet = turnstile.shut();
      shutdown.abort(new Moved('another server goes on with it'));
      const isLate = Promise.withResolvers<void>();
      const cancel = clock.after(HOLD_MS, isLate.resolve);
      await Promise.race([isQuiet, isLate.promise]);
      cancel();
    },
    handOver: async (successor) => {
      await instances.handOver(successor);
      await parts.release();
    },
    uses: () => instances.leases.uses(),
    watchLeases: (watcher) => instances.leases.watch(watcher),
    shutOut: parts.shutOut,
    breakLeases: (instance, run) => instances.leases.of(instance, run).close(),
    recordBy: parts.recordBy,
    leave: async (door, { stopsListening }) => {
      turnstile.leadTo(door);
      leaving.abort();
      await http.leave({ stopsListening });
      await inheritance?.link.closed;
      await parts.atLast();
    },
    cut: () => {
      // Who went before we did hears of it from nobody else.
      inheritance?.link.end();
      return (cutting ??= http.close());
    },
    close: parts.close,
  };
}

/** How a server describes what brought it, once it serves. */
export function doneBy({ failure, hello }: Inheritance): ReloadNote {
  const { reload: number, pid, version } = hello;
  return { number, state: failure === null ? 'done' : 'failed', reason: failure, from: { pid, version } };
}
