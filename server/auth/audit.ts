import type { AuditRow } from '@llamactl/contract/auth';
import { Background } from './background.ts';
import type { AuditEntry, AuditQuery, AuditStore, Clock } from './auth-ports.ts';

const DAY_MS = 86_400_000;
const RETENTION_MS = 90 * DAY_MS;
/**
 * Most rows that may wait for the disk. Further rows are dropped: if the disk is too slow, waiting rows would fill the
 * memory.
 */
const MOST_UNDER_WAY = 10_000;

interface AuditTrailParts {
  store: AuditStore;
  clock: Pick<Clock, 'now' | 'after'>;
  /** Gets each error of recording or pruning; must not throw. */
  onFault: (error: unknown) => void;
}

/** The audit trail: who did what to which object. Recording neither delays nor fails a request. */
export class AuditTrail {
  readonly #parts: AuditTrailParts;
  readonly #background: Background;
  #cancel: () => void = () => undefined;
  #isOverrun = false;

  constructor(parts: AuditTrailParts) {
    this.#parts = parts;
    this.#background = new Background(parts.onFault);
    this.#prune();
  }

  /** Records an entry, which is kept for 90 days. */
  record(entry: Omit<AuditEntry, 'timestamp'>): void {
    if (this.#background.size >= MOST_UNDER_WAY) {
      // Report only once: a report for each row would slow the disk further.
      if (!this.#isOverrun)
        this.#parts.onFault(new Error('The audit trail is written too slowly; rows are being lost.'));
      this.#isOverrun = true;
      return;
    }
    this.#isOverrun = false;
    const timestamp = new Date(this.#parts.clock.now()).toISOString();
    this.#background.run(() => this.#parts.store.append({ ...entry, timestamp }));
  }

  /** Reads rows, newest first. Waits for rows that are still being written. */
  async read(query: AuditQuery): Promise<AuditRow[]> {
    await this.#background.settled();
    const rows = await this.#parts.store.read(query);
    return rows.map(
      ({ requestId, seq, timestamp, subject, address, action, target, status, changes, moreChanges }) => ({
        seq,
        timestamp,
        subject,
        address,
        action,
        target,
        status,
        request_id: requestId,
        ...(changes !== undefined && { changes }),
        ...(moreChanges !== undefined && { more_changes: moreChanges }),
      }),
    );
  }

  /** Stops pruning. Resolves when all recorded rows are on the disk. */
  async close(): Promise<void> {
    this.#cancel();
    await this.#background.settled();
  }

  #prune(): void {
    const { store, clock } = this.#parts;
    const before = new Date(clock.now() - RETENTION_MS).toISOString();
    this.#background.run(() => store.prune(before));
    this.#cancel = clock.after(DAY_MS, () => this.#prune());
  }
}
