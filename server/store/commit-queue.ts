import type { DatabaseSync } from 'node:sqlite';
import { type Clock, StoreBusy, StoreClosed } from '../instances/ports.ts';
import { extendedCode, primaryCode } from './result-code.ts';
import { isBusy } from './room.ts';

/** One statement of a change. */
export interface Step {
  run(): unknown;
  /** For people: what it means when a value is taken that may be there once, or what it refers to is not there. */
  refusal?: string;
}

/** The one way in which anything is written to the database. */
export interface CommitQueue {
  /**
   * Takes effect whole or not at all, after the changes that were added before it. Resolves when it survives `kill -9`
   * and power loss; rejects when nothing of it was stored.
   */
  add(steps: readonly Step[]): Promise<void>;
  /** Commits at once what is pending; blocks for as long as the database waits for another program. */
  drain(): void;
}

/** A change that waits for its commit. */
interface Change {
  steps: readonly Step[];
  /** When it was added, of {@link Clock.elapsed}. */
  since: number;
  resolve(): void;
  reject(error: Error): void;
}

/** Bounds how long one commit blocks the event loop: 64 rows took 0.6 ms, 3.8 at most. */
const MAX_ROWS = 64;

/**
 * While another program holds the lock of the database a commit is tried again, in later turns: SQLite itself would wait with
 * the whole event loop. What waits for longer is refused.
 */
const BUSY_AGAIN_MS = 25;
const BUSY_PATIENCE_MS = 2_000;

/**
 * Group commit: a sync of the disk costs the same for one row as for many, so the changes of one turn of the event loop
 * share a transaction, whichever store they come from, and each caller hears of it only after the commit.
 *
 * @param file For messages.
 * @param onStored Told after each commit that something could be stored.
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

/** As many changes as fit into one commit; one that alone is larger has it for itself. */
function batchLength(changes: readonly Change[]): number {
  let rows = 0;
  for (const [index, { steps }] of changes.entries()) {
    rows += steps.length;
    if (rows > MAX_ROWS) return Math.max(index, 1);
  }
  return changes.length;
}

/** What came of a batch. `busy`: nothing, and nobody was told: another program holds the lock. */
type Outcome = 'stored' | 'failed' | 'busy';

/**
 * One transaction for the whole batch. A change that breaks a rule of its table (a name that is taken) fails alone;
 * anything else (no space, a read-only disk) fails all, and nothing of the batch is stored.
 */
function createCommit(database: DatabaseSync, file: string): (batch: readonly Change[], waits: boolean) => Outcome {
  const mark = database.prepare('savepoint change');
  const keep = database.prepare('release change');
  const undo = database.prepare('rollback to change');

  /** Returns why the change was refused, `null`: it was not. */
  function apply({ steps }: Change): Error | null {
    mark.run();
    const refusal = refusalOf(steps);
    // What the steps before the refused one did is undone.
    if (refusal) undo.run();
    keep.run();
    return refusal;
  }

  /** Takes the lock; nobody else can have it from then to the commit. @param waits For as long as the connection says. */
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
      const failure = new Error(`${file} could not be written (${explain(error)}); nothing was stored.`, {
        cause: error,
      });
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

/** Runs the steps up to the first that cannot be done whatever the disk is like. */
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

/** Primary codes of what is wrong with one statement: too big, a constraint, a type. Node's own errors have no code. */
const FAULTS_OF_ONE: ReadonlySet<number> = new Set([18, 19, 20]);

/** Extended codes of the rules that a caller can break: foreign key, primary key, unique. Others are mistakes of ours. */
const RULES_OF_CALLERS: ReadonlySet<number> = new Set([787, 1555, 2067]);

/** By primary code. */
const EXPLANATIONS = new Map([
  [5, 'another program holds its lock'],
  [8, 'it is read-only'],
  [10, 'the disk reports an error'],
  [13, 'the disk is full'],
]);

function explain(error: unknown): string {
  const known = EXPLANATIONS.get(primaryCode(error) ?? 0);
  return known ?? (error instanceof Error ? error.message : String(error));
}
