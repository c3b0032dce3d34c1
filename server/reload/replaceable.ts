import type { RunUse } from '../instances/lease-book.ts';
import type { Lease, LeaseRequest } from '../instances/leases.ts';
import type { Listener } from './listener.ts';
import type { Hello } from './messages.ts';
import type { Dead, SuccessorLink } from './successor-link.ts';

/** A server that can be replaced. */
export interface ReplaceableServer {
  url: string;
  /** What it listens by. */
  listener: Listener;
  /** What the next one has to know first, but for the number of the change. */
  hello: Omit<Hello, 'type' | 'reload'>;
  /** The number of the change that made it serve; 0: it is the first. */
  reload: number;
  /** @throws {Error} for people: what is handed over is not where the next one will look for it */
  assertKept(): void;
  /** Lets people know where a change stands. */
  note(number: number, failure: string | null): void;
  /** New requests wait from now on. Resolves when those are over that need what is handed over. */
  hold(): Promise<void>;
  /** Lets go of engines, store and data directory; leases come from `successor`. */
  handOver(successor: (request: LeaseRequest) => Promise<Lease>): Promise<void>;
  /** How engines are used at the moment. */
  uses(): RunUse[];
  /** Tells of each lease that ends from now on. */
  watchLeases(watcher: (use: Pick<RunUse, 'instance' | 'run' | 'open'>) => void): void;
  /** Breaks every lease of a run that is held here. `died`: its engine exited by itself. */
  breakLeases(instance: string, run: number, died: boolean): void;
  /** Ends what is served here with these credentials. */
  shutOut(dead: Dead): void;
  /** What ends here from now on belongs into the audit trail of the next. */
  recordBy(record: SuccessorLink['record']): void;
  /** Requests go to the next server from now on. Resolves when the last connection is gone and nothing is left to do. */
  leave(door: string, options: { stopsListening: boolean }): Promise<void>;
  /** Ends connections, also such as are in the middle of an answer when that takes long. After `handOver`. */
  cut(): Promise<void>;
  /** Ends connections that are left, in the middle of whatever answer. */
  breakOff(): void;
  /** Ends the service; engines live on unless `stopEngines`. */
  close(options: { stopEngines: boolean }): Promise<void>;
}
