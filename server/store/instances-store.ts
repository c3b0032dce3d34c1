import { randomInt } from 'node:crypto';
import { dirname } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import type { InstanceStore, StoredInstance } from '../instances/ports/instance-store.ts';
import type { CommitQueue } from './commit-queue.ts';
import type { KeptEvents } from './replay-store.ts';
import { newestRunFolder } from './newest-run-folder.ts';

/**
 * Stores instances and their states.
 *
 * @param file For messages.
 * @param kept Stores the events of a change.
 */
export function createInstanceStore(
  database: DatabaseSync,
  file: string,
  queue: CommitQueue,
  kept: KeptEvents,
): InstanceStore {
  const upsert = database.prepare(
    `insert into instances (id, name, record, state) values (?, ?, ?, ?)
     on conflict (id) do update set name = excluded.name, record = excluded.record, state = excluded.state`,
  );
  const remove = database.prepare('delete from instances where id = ?');
  const all = database.prepare('select id, record, state from instances order by position');

  return {
    dataDirId: identify(database),

    async load() {
      return all.all().map((row) => behindItsRuns(readInstance(row, file), dirname(file)));
    },

    async save({ record, state }, events = []) {
      // Serialised now, because the caller may change its objects before the commit.
      const values = [record.id, record.name, JSON.stringify(record), JSON.stringify(state)] as const;
      await queue.add([
        { run: () => upsert.run(...values), refusal: 'Another instance has this name' },
        ...kept.steps(events),
      ]);
    },

    async remove(id, events = []) {
      await queue.add([{ run: () => remove.run(id) }, ...kept.steps(events)]);
    },
  };
}

function readInstance(row: Record<string, unknown>, file: string): StoredInstance {
  try {
    return {
      record: JSON.parse(String(row['record'])) as StoredInstance['record'],
      state: JSON.parse(String(row['state'])) as StoredInstance['state'],
    };
  } catch (error) {
    throw new Error(`Instance ${String(row['id'])} in ${file} cannot be read; restore the file from a backup.`, {
      cause: error,
    });
  }
}

/** Raises the run counter to the number of the newest run folder: a restored database may not know the newest runs. */
function behindItsRuns({ record, state }: StoredInstance, directory: string): StoredInstance {
  return { record, state: { ...state, runs: Math.max(state.runs, newestRunFolder(directory, record.id)) } };
}

const IDENTIFIER_LENGTH = 10;

/** Returns the identifier of the data directory, and makes it at the first open. */
function identify(database: DatabaseSync): string {
  const stored = database.prepare(`select value from meta where key = 'data_dir_id'`).get();
  if (stored) return String(stored['value']);
  const made = Array.from({ length: IDENTIFIER_LENGTH }, () => randomInt(36).toString(36)).join('');
  database.prepare(`insert into meta (key, value) values ('data_dir_id', ?)`).run(made);
  return made;
}
