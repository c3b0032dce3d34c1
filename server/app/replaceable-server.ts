import type { Config } from '@llamactl/contract/config';
import type { Logger } from 'pino';
import type { Callers } from './callers.ts';
import type { Instances } from '../instances/instances.ts';
import type { Requests } from '../gateway/requests.ts';
import type { RequestsView } from '../http/routes/requests.routes.ts';
import { EngineDied } from '../instances/slots/leases.ts';
import { Moved } from '../instances/use-cases.ts';
import { atMost, type Clock } from '../instances/ports/time.ts';
import type { Listening } from './listening.ts';
import type { AlertsWiring } from './alerts-wiring.ts';
import type { Inheritance } from '../reload/inheritance.ts';
import type { Hello } from '../reload/messages.ts';
import type { ReplaceableServer } from '../reload/replaceable.ts';
import type { Serving } from './serving.ts';
import type { DirectoryWatch } from '../store/directory-watch.ts';
import type { ReloadNote } from '../store/server-description.ts';
import type { Lock } from '../store/lock.ts';
import { takeRequests } from './take-over.ts';
import type { Teardown } from './teardown.ts';
import type { UsageKeeping } from './usage-keeping.ts';

/** How long requests under way may delay the hand-over. The successor carries out or answers those that take longer. */
const HOLD_MS = 1_000;
/** Time between two reports of the requests that are left. */
const REPORT_EVERY_MS = 1_000;
/** Most requests of a report. */
const MOST_REPORTED = 1_000;

export interface ReplaceableServerParts {
  config: Config;
  version: string;
  /** The folder of sockets for requests that came to a predecessor. */
  doors: string;
  clock: Pick<Clock, 'after'>;
  log: Pick<Logger, 'info' | 'warn'>;
  /** `null`: no server served before. */
  inheritance: Inheritance | null;
  lock: Pick<Lock, 'describe' | 'handOver'>;
  directoryWatch: Pick<DirectoryWatch, 'assertKept'>;
  /** Allows the process to exit: this server no longer needs it. */
  allowExit: () => void;
  listening: Listening;
  instances: Pick<Instances, 'handOver' | 'leases' | 'shutdown'>;
  callers: Pick<Callers, 'audit' | 'auth'>;
  alertsWiring: Pick<AlertsWiring, 'delivered'>;
  usage: Pick<UsageKeeping, 'countBy'>;
  /** Those of this server only. */
  ownRequests: Pick<Requests, 'finishBy'>;
  serving: Serving;
  /** Writes in advance what is kept from time to time. Never rejects. */
  writeAhead: () => Promise<void>;
  /** Those of this server and its predecessor. */
  requests: Pick<RequestsView, 'list' | 'cancel'>;
  onFault: (error: unknown, what: string) => void;
  teardown: Teardown;
}

/**
 * Makes a built server serve, and controls it until its end. The server ends by `close`, or, if a successor takes over,
 * by `hold`, `handOver`, and then `leave` or `cut`.
 *
 * @throws {Error} for people: it cannot listen
 */
export async function openReplaceableServer(parts: ReplaceableServerParts): Promise<ReplaceableServer> {
  const { config, version, clock, inheritance, lock, listening, instances, callers, alertsWiring, serving, teardown } =
    parts;
  const { http, turnstile, shutdown, leaving } = serving;
  const { usage } = parts;
  const from = { pid: process.pid, version };
  let endReports = (): void => undefined;
  let closing: Promise<void> | null = null;
  let cutting: Promise<void> | null = null;

  const begin = async (): Promise<string> => {
    const url = await listening.begin(http);
    serving.become('ok');
    if (inheritance !== null) await takeRequests(inheritance, { folder: parts.doors, http, teardown });
    // From here on the predecessor cannot take over again, so a reader of server.json can rely on `done`.
    const problem = lock.describe({ url, ...(inheritance === null ? {} : { reload: doneBy(inheritance) }) });
    if (problem !== null) {
      parts.log.warn(`server.json, which names the server of data_dir, cannot be written; trying again: ${problem}`);
    }
    if (inheritance?.failure === null) parts.log.info(takenOver(inheritance.hello, from));
    return url;
  };
  const close = async (stopEngines: boolean): Promise<void> => {
    serving.become('stopping');
    shutdown.abort();
    await instances.shutdown({ stopEngines });
    await http.close();
    await teardown.unwind();
  };

  return {
    url: await begin(),
    listener: http.app.server,
    hello: {
      pid: process.pid,
      version,
      dataDirectory: config.data_dir,
      address: { host: config.server.host, port: config.server.port },
      listening: listening.port,
    },
    reload: inheritance?.hello.reload ?? 0,
    assertKept: () => parts.directoryWatch.assertKept(),
    note: (number, reason) => {
      const state = reason === null ? 'under_way' : 'failed';
      const problem = lock.describe({ reload: { number, state, reason, from } });
      if (problem !== null) throw new Error(problem);
    },
    writeAhead: parts.writeAhead,
    hold: async () => {
      http.sayGoodbye();
      const isQuiet = turnstile.shut();
      shutdown.abort(new Moved('another server continues the request'));
      await atMost(clock, HOLD_MS, isQuiet);
    },
    handOver: async (successor) => {
      await instances.handOver(successor);
      await teardown.handOver(parts.onFault);
      lock.handOver();
    },
    uses: () => instances.leases.uses(),
    watchLeases: (watcher) => instances.leases.watch(watcher),
    reportRequests: (report) => {
      let before = 0;
      const look = (): void => {
        // The successor knows the states of instances.
        const list = parts.requests.list(() => null).slice(0, MOST_REPORTED);
        if (list.length > 0 || before > 0) report(list);
        before = list.length;
        endReports = clock.after(REPORT_EVERY_MS, look);
      };
      look();
    },
    cancelRequest: (id) => void parts.requests.cancel(id),
    shutOut: (dead) => callers.auth.end(dead),
    breakLeases: (instance, run, died) => instances.leases.of(instance, run).close(died ? new EngineDied() : undefined),
    recordBy: (successor) => {
      callers.audit.recordBy((entry) => successor.record(entry));
      usage.countBy((request) => successor.used(request));
      parts.ownRequests.finishBy((request) => successor.finished(request));
    },
    leave: async (door, { stopsListening }) => {
      turnstile.leadTo(door);
      leaving.abort();
      await http.leave({ stopsListening });
      endReports();
      await inheritance?.link.closed;
      await alertsWiring.delivered();
      parts.allowExit();
    },
    cut: () => {
      // Only this process can inform the predecessor that the service ends.
      inheritance?.link.end();
      return (cutting ??= http.close());
    },
    breakOff: () => http.breakOff(),
    close: ({ stopEngines }) => (closing ??= close(stopEngines)),
  };
}

/** The line in the log of a successor: the log of its predecessor may end before a person reads it. */
function takenOver(before: Hello, now: Pick<Hello, 'pid' | 'version'>): string {
  const by = before.requestedBy === undefined ? '' : `, requested by ${before.requestedBy}`;
  const pair = `process ${now.pid} (${now.version}) has taken over from process ${before.pid} (${before.version})`;
  return `Reload ${before.reload}${by}: ${pair}`;
}

/** Describes the reload that started this server, for `server.json`. */
function doneBy({ failure, hello }: Inheritance): ReloadNote {
  const { reload: number, pid, version } = hello;
  return { number, state: failure === null ? 'done' : 'failed', reason: failure, from: { pid, version } };
}
