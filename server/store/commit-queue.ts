import { reasonOf } from '@llamactl/contract/reason';
import type { DatabaseSync } from 'node:sqlite';
import { StoreBusy, StoreClosed, StoreFull } from '../instances/ports/instance-store.ts';
import type { Clock } from '../instances/ports/time.ts';
import { isOutOfRoom } from './disk-room.ts';
import { extendedCode, isBusy, primaryCode } from './result-code.ts';

/** One statement of a change. */
export interface Step {
  run(): unknown;
  /** Error message for people when the step breaks a unique or foreign key constraint. */
  refusal?: string;
}

/** Writes all changes to the database; nothing else writes to it. */
export interface CommitQueue {
  /**
   * Adds a change: all its steps take effect or none, after all changes added before. Resolves when the change survives
   * `kill -9` and power loss; rejects when none of it was stored.
   */
  add(steps: readonly Step[]): Promise<void>;
  /** Commits all pending changes now. Blocks while SQLite waits for another program's lock. */
  drain(): void;
}

/** A change that waits for its commit. */
interface Change {
  steps: readonly Step[];
  /** When the change was added, by {@link Clock.elapsed}. */
  since: number;
  resolve(): void;
  reject(error: Error): void;
}

/** Bounds how long one commit blocks the event loop: 64 rows took 0.6 ms (at most 3.8 ms). */
const MAX_ROWS = 64;

/**
 * Pause before a commit is retried while another program holds the database's lock. The queue retries in later turns,
 * because a wait within SQLite would block the event loop. A change that waits longer than {@link BUSY_PATIENCE_MS} is
 * refused.
 */
const BUSY_AGAIN_MS = 25;
const BUSY_PATIENCE_MS = 2_000;

/**
 * Creates the queue, which groups commits: all changes made in one turn of the event loop share a transaction,
 * whichever store makes them. A sync of the disk costs the same for one row as for many. Each `add` settles only after
 * the commit.
 *
 * @param file For messages.
 * @param onStored Called after each successful commit.
 */
export function createCommitQueue(
  database: DatabaseSync,
  file: string,
  clock: Pick<Clock, 'nextTurn' | 'after' | 'elapsed'>,
  onStored: () => void = () => undefined,
): CommitQueue {
  const commit = createCommit(database, file);
  let pending: Change[] = [];
  let scheduled = false;

  function schedule(isBusy = false): void {
    if (scheduled) return;
    scheduled = true;
    const go = (): void => {
      scheduled = false;
      const outcome = flush(false);
      if (pending.length > 0) schedule(outcome === 'busy');
    };
    if (isBusy) clock.after(BUSY_AGAIN_MS, go);
    else clock.nextTurn(go);
  }

  function flush(waits: boolean): Outcome {
    const count = batchLength(pending);
    const batch = pending.slice(0, count);
    pending = pending.slice(count);
    if (batch.length === 0) return 'stored';
    const outcome = commit(batch, waits);
    if (outcome === 'stored') onStored();
    if (outcome === 'busy') {
      const isOver = ({ since }: Change): boolean => clock.elapsed() - since >= BUSY_PATIENCE_MS;
      pending = [...batch, ...pending];
      const refused = waits ? batch : pending.filter(isOver);
      pending = pending.filter((change) => !refused.includes(change));
      for (const change of refused) change.reject(new StoreBusy(file));
    }
    return outcome;
  }

  return {
    add(steps) {
      if (!database.isOpen) return Promise.reject(new StoreClosed());
      if (steps.length === 0) return Promise.resolve();
      return new Promise((resolve, reject) => {
        pending.push({ steps, since: clock.elapsed(), resolve, reject });
        schedule();
      });
    },

    drain() {
      while (pending.length > 0) flush(true);
    },
  };
}

/** Returns how many changes fit into one commit. A change that exceeds the limit alone gets its own commit. */
function batchLength(changes: readonly Change[]): number {
  let rows = 0;
  for (const [index, { steps }] of changes.entries()) {
    rows += steps.length;
    if (rows > MAX_ROWS) return Math.max(index, 1);
  }
  return changes.length;
}

/** Result of a batch. `busy`: another program holds the lock; nothing was stored and no change was settled. */
type Outcome = 'stored' | 'failed' | 'busy';

/**
 * Creates a function that commits a batch in one transaction. A change that breaks a rule of its table (a name that is taken)
 * fails alone. On any other error (no space, a read-only disk) all fail, and nothing of the batch is stored.
 */
function createCommit(database: DatabaseSync, file: string): (batch: readonly Change[], waits: boolean) => Outcome {
  const mark = database.prepare('savepoint change');
  const keep = database.prepare('release change');
  const undo = database.prepare('rollback to change');

  /** Returns why the change was refused; `null`: it was applied. */
  function apply({ steps }: Change): Error | null {
    mark.run();
    const refusal = refusalOf(steps);
    // Undo the steps before the refused one.
    if (refusal) undo.run();
    keep.run();
    return refusal;
  }

  /** Takes the write lock until the commit. @param waits Whether to wait up to the connection's busy timeout. */
  function begin(waits: boolean): void {
    if (waits) return database.exec('begin immediate');
    const { timeout } = database.prepare('pragma busy_timeout').get() ?? {};
    database.exec('pragma busy_timeout = 0');
    try {
      database.exec('begin immediate');
    } finally {
      database.exec(`pragma busy_timeout = ${Number(timeout)}`);
    }
  }

  return (batch, waits) => {
    const refusals = new Map<Change, Error>();
    try {
      begin(waits);
      for (const change of batch) {
        const refusal = apply(change);
        if (refusal) refusals.set(change, refusal);
      }
      database.exec('commit');
    } catch (error) {
      if (isBusy(error) && !database.isTransaction) return 'busy';
      const message = `${file} could not be written (${explain(error)}); nothing was stored.`;
      const failure = new (isOutOfRoom(error) ? StoreFull : Error)(message, { cause: error });
      for (const change of batch) change.reject(failure);
      // SQLite itself has rolled back after some errors, such as a full disk.
      if (database.isTransaction) database.exec('rollback');
      return 'failed';
    }
    for (const change of batch) {
      const refusal = refusals.get(change);
      if (refusal) change.reject(refusal);
      else change.resolve();
    }
    return 'stored';
  };
}

/**
 * Runs the steps up to the first that SQLite refuses for its own fault, and returns the reason. Throws on all other
 * errors, such as those of the disk.
 */
function refusalOf(steps: readonly Step[]): Error | null {
  for (const step of steps) {
    try {
      step.run();
    } catch (error) {
      const [primary, code] = [primaryCode(error), extendedCode(error)];
      if (primary !== null && !FAULTS_OF_ONE.has(primary)) throw error;
      const isTaken = code !== null && RULES_OF_CALLERS.has(code);
      const reason = (isTaken ? step.refusal : undefined) ?? explain(error).replace(/\.$/, '');
      return new Error(`${reason}; nothing was stored.`, { cause: error });
    }
  }
  return null;
}

/** Primary codes of errors in one statement: too big, a constraint, a type. Node's own errors have no code. */
const FAULTS_OF_ONE: ReadonlySet<number> = new Set([18, 19, 20]);

/**
 * SQLite's extended codes for rules that a caller can break: foreign key, primary key, unique. Other codes mean a bug
 * in llamactl.
 */
const RULES_OF_CALLERS: ReadonlySet<number> = new Set([787, 1555, 2067]);

/** Explanations by primary code. */
const EXPLANATIONS = new Map([
  [5, 'another program holds its lock'],
  [8, 'it is read-only'],
  [10, 'the disk reports an error'],
  [13, 'the disk is full'],
]);

function explain(error: unknown): string {
  const known = EXPLANATIONS.get(primaryCode(error) ?? 0);
  return known ?? reasonOf(error);
}
