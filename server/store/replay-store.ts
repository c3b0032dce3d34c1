import { MOST_KEPT_EVENTS } from '@llamactl/contract/event-history';
import { reasonOf } from '@llamactl/contract/reason';
import type { DatabaseSync } from 'node:sqlite';
import type { EventNumbers, ReplayStore } from '../instances/ports/event-replay.ts';
import type { KeptEvent } from '../instances/ports/event-sink.ts';
import type { CommitQueue, Step } from './commit-queue.ts';
import { takenBelow, takeNumbers } from './lasting-counters.ts';
import type { DatabaseFile } from './database-file.ts';

/** How many events the replay to a listener that was away has. */
const REPLAYED = 1_000;

/** How many more events may be stored before old ones are removed, so that only one insert in a hundred pays for a removal. */
const SURPLUS = 100;

/** Makes events part of a change. */
export interface KeptEvents {
  /** Returns the steps that store the events as they are now. */
  steps(events: readonly KeptEvent[]): Step[];
}

/** Stores events in the transaction of the change that they report, and keeps their table short. */
export function createKeptEvents(database: DatabaseSync): KeptEvents {
  const insert = database.prepare('insert into events (seq, timestamp, event) values (?, ?, ?)');
  const trim = database.prepare(
    `delete from events where seq <= (select seq from events order by seq desc limit 1 offset ${MOST_KEPT_EVENTS})`,
  );
  // Start with the stored count: otherwise a server that ends before it reaches the surplus would never remove any. After a
  // failed commit the count is too high, so a removal only comes sooner.
  let rows = Number(database.prepare('select count(*) as count from events').get()?.['count'] ?? 0);

  const add = (seq: number, timestamp: string, event: string): void => {
    insert.run(seq, timestamp, event);
    rows += 1;
    if (rows <= MOST_KEPT_EVENTS + SURPLUS) return;
    trim.run();
    rows = MOST_KEPT_EVENTS;
  };

  return {
    steps: (events) =>
      events.map(({ seq, timestamp, event, instance }) => {
        const json = JSON.stringify({ ...event, instance });
        return { run: () => add(seq, timestamp, json), refusal: 'An event has this number already' };
      }),
  };
}

/**
 * Stores the events of the replay.
 *
 * @param file Path of the database.
 * @param databaseFile File of the database: if its path now leads to another folder, no numbers are taken there.
 * @param warn Called with the reason when no numbers can be taken; called again only after numbers could be taken.
 */
export function createReplayStore(
  database: DatabaseSync,
  file: string,
  queue: CommitQueue,
  kept: KeptEvents,
  databaseFile: Pick<DatabaseFile, 'look'>,
  warn: (message: string) => void,
): ReplayStore {
  let hasWarned = false;
  const newest = database.prepare(`select seq, timestamp, event from events order by seq desc limit ${REPLAYED}`);
  const before = database.prepare('select seq, timestamp, event from events where seq < ? order by seq desc limit ?');
  // 10 000 events take 3 ms; `json_extract` takes 20.
  const beforeWith = database.prepare(
    'select seq, timestamp, event from events where seq < ? and instr(event, ?) > 0 order by seq desc limit ?',
  );
  const first = database.prepare('select min(seq) as seq from events');

  return {
    async load() {
      return newest
        .all()
        .map((row) => readEvent(row, file))
        .toReversed();
    },

    async read({ before: seq, containing, limit }) {
      const rows = containing === null ? before.all(seq, limit) : beforeWith.all(seq, containing, limit);
      return rows.map((row) => readEvent(row, file));
    },

    async oldest() {
      const seq = first.get()?.['seq'] ?? null;
      return seq === null ? null : Number(seq);
    },

    async append(events) {
      await queue.add(kept.steps(events));
    },

    takeNumbers(least) {
      const next = { first: least, end: least + 1 };
      // The successor takes numbers by now.
      if (!database.isOpen) return next;
      try {
        // The directory watch reports this.
        if (databaseFile.look() === 'elsewhere') return next;
        const numbers = takeNumbers(file, least);
        hasWarned = false;
        return numbers;
      } catch (error) {
        const reason = reasonOf(error);
        if (!hasWarned)
          warn(`Event numbers could be used twice if llamactl dies now: ${file}.counters cannot be written: ${reason}`);
        hasWarned = true;
        return untaken(file, least);
      }
    },
  };
}

function readEvent(row: Record<string, unknown>, file: string): KeptEvent {
  try {
    const { instance, ...event } = JSON.parse(String(row['event'])) as KeptEvent['event'] & { instance?: string };
    return {
      seq: Number(row['seq']),
      timestamp: String(row['timestamp']),
      event,
      ...(instance === undefined ? {} : { instance }),
    };
  } catch (error) {
    throw new Error(`Event ${String(row['seq'])} in ${file} cannot be read; restore the file from a backup.`, {
      cause: error,
    });
  }
}

function untaken(file: string, least: number): EventNumbers {
  let first = least;
  try {
    first = Math.max(least, takenBelow(file));
  } catch {
    // The reason is the one for which the file could not be written, and was reported.
  }
  return { first, end: first + 1 };
}
