import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** What the database says of an instance. */
export interface StoredInstance {
  id: string;
  name: string;
  aliases: string[];
  port: number;
  status: string;
  pid: number | null;
}

/** A copy is torn only by what is written in that moment. */
const MOST_TRIES = 20;

export interface StoredWorld {
  instances: StoredInstance[];
  /** Numbers of the events that are about instances, oldest first. */
  seqs: number[];
}

/**
 * Reads a copy of the database: a reader of its own would need the server's view of the disk. The copy of a database that
 * is being written can be torn, and the wait for rest then retries.
 */
export function readStored(folder: string): StoredWorld {
  const copy = mkdtempSync(path.join(os.tmpdir(), 'llamactl-chaos-'));
  try {
    for (const name of ['llamactl.db', 'llamactl.db-wal']) {
      if (existsSync(path.join(folder, name))) copyFileSync(path.join(folder, name), path.join(copy, name));
    }
    const database = new DatabaseSync(path.join(copy, 'llamactl.db'));
    try {
      const integrity = database.prepare('pragma integrity_check').get();
      if (integrity?.['integrity_check'] !== 'ok') throw new Error(`the database: ${JSON.stringify(integrity)}`);
      const rows = database.prepare('select record, state from instances order by position').all();
      const seqs = database
        .prepare(
          `select seq from events where event ->> 'type' not in ('system_alert', 'instance_start_refused') order by seq`,
        )
        .all();
      return { instances: rows.map(instanceOf), seqs: seqs.map(({ seq }) => Number(seq)) };
    } finally {
      database.close();
    }
  } finally {
    rmSync(copy, { recursive: true });
  }
}

/** Of the events about instances; 0: there is none. */
export function lastStoredSeq(folder: string): number {
  for (let tries = 1; ; tries += 1) {
    try {
      return readStored(folder).seqs.at(-1) ?? 0;
    } catch (error) {
      if (tries === MOST_TRIES) throw error;
    }
  }
}

interface RecordJson {
  id: string;
  name: string;
  port: number;
  settings: { aliases: string[] };
}

interface StateJson {
  status: string;
  run?: { identity: { pid: number } | null };
}

function instanceOf(row: Record<string, unknown>): StoredInstance {
  const { id, name, port, settings } = JSON.parse(String(row['record'])) as RecordJson;
  const { status, run } = JSON.parse(String(row['state'])) as StateJson;
  return { id, name, aliases: settings.aliases, port, status, pid: run?.identity?.pid ?? null };
}
