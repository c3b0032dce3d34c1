import type { InstanceState } from '../life/lifecycle.ts';
import type { KeptEvent } from './event-sink.ts';
import type { InstanceRecord } from './instance-record.ts';

/** One row of the store: an instance's record and state. */
export interface StoredInstance {
  record: InstanceRecord;
  state: InstanceState;
}

/** Durable storage. A write whose promise has resolved survives `kill -9` and power loss. */
export interface InstanceStore {
  /**
   * A random id, created with the data directory. It distinguishes the processes of this data directory from those of
   * others.
   */
  readonly dataDirId: string;
  /** All instances, oldest first. */
  load(): Promise<StoredInstance[]>;
  /**
   * Inserts or replaces an instance. Saves of one event-loop turn share one transaction; the last save of an id wins. The
   * events are stored in the same transaction: with the instance or not at all.
   */
  save(instance: StoredInstance, events?: readonly KeptEvent[]): Promise<void>;
  remove(id: string, events?: readonly KeptEvent[]): Promise<void>;
}

/** A write came after the store was closed, and stored nothing. Another process may own the store by now. */
export class StoreClosed extends Error {
  override readonly name = 'StoreClosed';
  override readonly message = 'The store is closed; nothing was stored.';
}

/** The disk of the store is full, and nothing was stored. */
export class StoreFull extends Error {
  override readonly name = 'StoreFull';
}

/** Another program has locked the store for too long, and nothing was stored. */
export class StoreBusy extends Error {
  override readonly name = 'StoreBusy';

  /** @param file The store's file. */
  constructor(file: string) {
    super(`${file} could not be written (another program holds its lock); nothing was stored.`);
  }
}
