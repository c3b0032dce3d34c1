import type { RunUse } from '../instances/lease-book.ts';
import type { Lease, LeaseRequest } from '../instances/leases.ts';
import type { Listener } from './listener.ts';
import type { Hello } from './messages.ts';
import type { Dead, SuccessorLink } from './successor-link.ts';

/** The server of one process, as a reload needs it. */
export interface ReplaceableServer {
  url: string;
  /** The socket that it listens on. */
  listener: Listener;
  /** The first message to a successor, but for the number of the reload. */
  hello: Omit<Hello, 'type' | 'reload'>;
  /** The number of the reload that made it serve; 0: it is the first. */
  reload: number;
  /** @throws {Error} for people: the data directory is not where the successor will look for it */
  assertKept(): void;
  /** Writes for people where a reload stands. @throws {Error} it cannot be written */
  note(number: number, failure: string | null): void;
  /** Makes new requests wait. Resolves when requests are over that need the store or the engines. */
  hold(): Promise<void>;
  /** Lets go of engines, store and lock; leases come from `successor`. */
  handOver(successor: (request: LeaseRequest) => Promise<Lease>): Promise<void>;
  /** How engines are used at the moment. */
  uses(): RunUse[];
  /** Calls back at each lease that ends from now on. */
  watchLeases(watcher: (use: Pick<RunUse, 'instance' | 'run' | 'open'>) => void): void;
  /** Breaks every lease of a run that is held here. `died`: its engine exited by itself. */
  breakLeases(instance: string, run: number, died: boolean): void;
  /** Ends all requests with these credentials. */
  shutOut(dead: Dead): void;
  /** Sends the audit entries of requests that end from now on to the successor. */
  recordBy(record: SuccessorLink['record']): void;
  /** Passes requests on to the successor's door. Resolves when the last connection is gone and nothing is left to do. */
  leave(door: string, options: { stopsListening: boolean }): Promise<void>;
  /** Ends connections; breaks off answers that take long. After `handOver`. */
  cut(): Promise<void>;
  /** Ends the connections that are left at once, in the middle of an answer too. */
  breakOff(): void;
  /** Ends the service; engines live on unless `stopEngines`. */
  close(options: { stopEngines: boolean }): Promise<void>;
}
