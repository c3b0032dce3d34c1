import type { Config } from '@llamactl/contract/config';
import type { Callers } from './callers.ts';
import type { Instances } from './instances/instances.ts';
import { EngineDied } from './instances/leases.ts';
import { Moved } from './instances/moved.ts';
import type { Clock } from './instances/ports.ts';
import type { Listening } from './listening.ts';
import type { News } from './news.ts';
import type { Inheritance } from './reload/inheritance.ts';
import type { ReplaceableServer } from './reload/replaceable.ts';
import type { Serving } from './serving.ts';
import type { DirectoryWatch } from './store/directory-watch.ts';
import type { ReloadNote } from './store/holder.ts';
import type { Lock } from './store/lock.ts';
import type { Teardown } from './teardown.ts';

/**
 * What a request that is being served may take until the next server takes over: all others wait so long. What takes longer
 * is asked there: anew where it has changed nothing yet, else what came of it.
 */
const HOLD_MS = 1_000;

export interface ReplaceableServerParts {
  url: string;
  config: Config;
  version: string;
  clock: Pick<Clock, 'after'>;
  /** `null`: nobody served before. */
  inheritance: Inheritance | null;
  lock: Pick<Lock, 'describe' | 'handOver'>;
  directoryWatch: Pick<DirectoryWatch, 'assertKept'>;
  /** The process may end, for all that this server does. */
  letLive: () => void;
  listening: Pick<Listening, 'port'>;
  instances: Pick<Instances, 'handOver' | 'leases' | 'shutdown'>;
  callers: Pick<Callers, 'audit' | 'auth'>;
  news: Pick<News, 'told'>;
  serving: Serving;
  onFault: (error: unknown, what: string) => void;
  teardown: Teardown;
}

/** A server, once it is built, as one that can be replaced, and ended. */
export function createReplaceableServer(parts: ReplaceableServerParts): ReplaceableServer {
  const { config, version, clock, inheritance, lock, instances, callers, news, serving, teardown } = parts;
  const { http, turnstile, shutdown, leaving } = serving;
  const close = async (stopEngines: boolean): Promise<void> => {
    serving.become('stopping');
    shutdown.abort();
    await instances.shutdown({ stopEngines });
    await http.close();
    await teardown.unwind();
  };
  let closing: Promise<void> | null = null;
  let cutting: Promise<void> | null = null;
  return {
    url: parts.url,
    listener: http.app.server,
    hello: {
      pid: process.pid,
      version,
      dataDirectory: config.data_dir,
      address: { host: config.server.host, port: config.server.port },
      listening: parts.listening.port,
    },
    reload: inheritance?.hello.reload ?? 0,
    assertKept: () => parts.directoryWatch.assertKept(),
    note: (number, reason) => {
      const from = { pid: process.pid, version };
      const problem = lock.describe({
        reload: { number, state: reason === null ? 'under_way' : 'failed', reason, from },
      });
      if (problem !== null) throw new Error(problem);
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
      await teardown.handOver(parts.onFault);
      lock.handOver();
    },
    uses: () => instances.leases.uses(),
    watchLeases: (watcher) => instances.leases.watch(watcher),
    shutOut: (dead) => callers.auth.end(dead),
    breakLeases: (instance, run, died) => instances.leases.of(instance, run).close(died ? new EngineDied() : undefined),
    recordBy: (record) => callers.audit.recordBy(record),
    leave: async (door, { stopsListening }) => {
      turnstile.leadTo(door);
      leaving.abort();
      await http.leave({ stopsListening });
      await inheritance?.link.closed;
      await news.told();
      parts.letLive();
    },
    cut: () => {
      // Who went before we did hears of it from nobody else.
      inheritance?.link.end();
      return (cutting ??= http.close());
    },
    breakOff: () => http.breakOff(),
    close: ({ stopEngines }) => (closing ??= close(stopEngines)),
  };
}

/** How a server describes what brought it, once it serves. */
export function doneBy({ failure, hello }: Inheritance): ReloadNote {
  const { reload: number, pid, version } = hello;
  return { number, state: failure === null ? 'done' : 'failed', reason: failure, from: { pid, version } };
}
