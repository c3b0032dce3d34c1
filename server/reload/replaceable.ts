import type { RunUse } from '../instances/slots/lease-book.ts';
import type { Lease, LeaseRequest } from '../instances/slots/leases.ts';
import type { Listener } from './listener.ts';
import type { Hello } from './messages.ts';
import type { Dead, SuccessorLink } from './successor-link.ts';

/** The server of one process, as a reload needs it. */
export interface ReplaceableServer {
  url: string;
  /** The socket that this server listens on. */
  listener: Listener;
  /** The first message to a successor, without the number of the reload. */
  hello: Omit<Hello, 'type' | 'reload'>;
  /** The number of the reload that started this server; 0: this is the first server. */
  reload: number;
  /** @throws {Error} with a message for people, if the data directory is not where the successor will look for it */
  assertKept(): void;
  /**
   * Writes the state of a reload to server.json.
   *
   * @param failure `null`: the reload is under way
   * @throws {Error} if it cannot be written
   */
  note(number: number, failure: string | null): void;
  /** Writes in advance what this server keeps from time to time, so that little is left to write while requests wait. Never rejects. */
  writeAhead(): Promise<void>;
  /** Makes new requests wait. Resolves when requests that need the store or the engines are over. */
  hold(): Promise<void>;
  /** Releases engines, store and lock. From then on leases come from `successor`. */
  handOver(successor: (request: LeaseRequest) => Promise<Lease>): Promise<void>;
  /** How engines are used at the moment. */
  uses(): RunUse[];
  /** Calls back for each lease that ends from now on. */
  watchLeases(watcher: (use: Pick<RunUse, 'instance' | 'run' | 'open'>) => void): void;
  /** Breaks every lease of a run that this server holds. `died`: the engine exited on its own. */
  breakLeases(instance: string, run: number, died: boolean): void;
  /** From now on, reports all requests that this server still serves: about once a second, until {@link leave} resolves. */
  reportRequests(report: SuccessorLink['requests']): void;
  /** Ends a request, as an operator does. */
  cancelRequest(id: string): void;
  /** Ends all requests with these credentials. */
  shutOut(dead: Dead): void;
  /** From now on, sends the audit entry, the usage and the record of each request that ends to the successor. */
  recordBy(successor: Pick<SuccessorLink, 'record' | 'used' | 'finished'>): void;
  /** Passes requests on to the successor's door. Resolves when the last connection is gone and nothing is left to do. */
  leave(door: string, options: { stopsListening: boolean }): Promise<void>;
  /** Ends connections, and aborts long answers. Call it after `handOver`. */
  cut(): Promise<void>;
  /** Ends the remaining connections at once, even in the middle of an answer. */
  breakOff(): void;
  /** Ends the service; engines keep running unless `stopEngines`. */
  close(options: { stopEngines: boolean }): Promise<void>;
}
