import type { DatabaseSync } from 'node:sqlite';
import { type Clock, StoreClosed } from '../instances/ports.ts';

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
  /** Commits at once what is pending. */
  drain(): void;
}

/** A change that waits for its commit. */
interface Change {
  steps: readonly Step[];
  resolve(): void;
  reject(error: Error): void;
}

/** Bounds how long one commit blocks the event loop: 64 rows took 0.6 ms, 3.8 at most. */
const MAX_ROWS = 64;

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
  clock: Pick<Clock, 'nextTurn'>,
  onStored: () => void = () => undefined,
): CommitQueue {
  const commit = createCommit(database, file);
  let pending: Change[] = [];
  let scheduled = false;

  function schedule(): void {
    if (scheduled) return;
    scheduled = true;
    clock.nextTurn(() => {
      scheduled = false;
      flush();
      if (pending.length > 0) schedule();
    });
  }

  function flush(): void {
    const count = batchLength(pending);
    const batch = pending.slice(0, count);
    pending = pending.slice(count);
    if (batch.length > 0 && commit(batch)) onStored();
  }

  return {
    add(steps) {
      if (!database.isOpen) return Promise.reject(new StoreClosed());
      if (steps.length === 0) return Promise.resolve();
      return new Promise((resolve, reject) => {
        pending.push({ steps, resolve, reject });
        schedule();
      });
    },

    drain() {
      while (pending.length > 0) flush();
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

/**
 * One transaction for the whole batch. A change that breaks a rule of its table (a name that is taken) fails alone;
 * anything else (no space, a read-only disk) fails all, and nothing of the batch is stored; then it returns false.
 */
function createCommit(database: DatabaseSync, file: string): (batch: readonly Change[]) => boolean {
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

  return (batch) => {
    const refusals = new Map<Change, Error>();
    try {
      database.exec('begin immediate');
      for (const change of batch) {
        const refusal = apply(change);
        if (refusal) refusals.set(change, refusal);
      }
      database.exec('commit');
    } catch (error) {
      const failure = new Error(`${file} could not be written (${explain(error)}); nothing was stored.`, {
        cause: error,
      });
      for (const change of batch) change.reject(failure);
      // SQLite itself has rolled back after some errors, such as a full disk.
      if (database.isTransaction) database.exec('rollback');
      return false;
    }
    for (const change of batch) {
      const refusal = refusals.get(change);
      if (refusal) change.reject(refusal);
      else change.resolve();
    }
    return true;
  };
}

/** Runs the steps up to the first that cannot be done whatever the disk is like. */
function refusalOf(steps: readonly Step[]): Error | null {
  for (const step of steps) {
    try {
      step.run();
    } catch (error) {
      const code = resultCode(error);
      if (code !== null && !FAULTS_OF_ONE.has(code & PRIMARY)) throw error;
      const isTaken = code !== null && RULES_OF_CALLERS.has(code);
      const reason = (isTaken ? step.refusal : undefined) ?? explain(error).replace(/\.$/, '');
      return new Error(`${reason}; nothing was stored.`, { cause: error });
    }
  }
  return null;
}

/** The low byte of an extended result code of SQLite (https://sqlite.org/rescode.html) is the primary one. */
const PRIMARY = 0xff;

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
  const known = EXPLANATIONS.get((resultCode(error) ?? 0) & PRIMARY);
  return known ?? (error instanceof Error ? error.message : String(error));
}

/** `null`: it is no error of SQLite. */
function resultCode(error: unknown): number | null {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return null;
  return error.errcode;
}
