import { reasonOf } from '@llamactl/contract/reason';
import { dirname } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import type { AccountStore, AuditStore } from '../auth/auth-ports.ts';
import type { ReplayStore } from '../instances/ports/event-replay.ts';
import type { InstanceStore } from '../instances/ports/instance-store.ts';
import type { Clock } from '../instances/ports/time.ts';
import type { DownloadStore } from '../models/downloads/download-store.ts';
import { createAccountStore } from './accounts-store.ts';
import { createAuditStore } from './audit-store.ts';
import { createCommitQueue } from './commit-queue.ts';
import { openDatabase } from './database.ts';
import { createDownloadStore } from './downloads-store.ts';
import { createInstanceStore } from './instances-store.ts';
import { countUse } from './lasting-counters.ts';
import { settleIdentity, type ProcessLookup } from './data-directory-identity.ts';
import { isOursAlone, shareAgain } from './exclusive-database.ts';
import { createKeptEvents, createReplayStore } from './replay-store.ts';
import { DatabaseFile } from './database-file.ts';
import { settleRestored } from './settlement.ts';

/** Log of the store. A pino logger fits. */
export interface StoreLog {
  debug(message: string): void;
  warn(message: string): void;
}

/** All stores in one database file. All changes of one turn of the event loop share one transaction. */
export interface SqliteStore extends InstanceStore {
  readonly accounts: AccountStore;
  readonly audit: AuditStore;
  readonly downloads: DownloadStore;
  readonly replay: ReplayStore;
  readonly databaseFile: Pick<DatabaseFile, 'look'>;
  /** Commits pending changes, then closes the file (see {@link DatabaseFile} for a removed one). Later saves are rejected. */
  close(): Promise<void>;
}

export interface OpenStoreOptions {
  file: string;
  clock: Clock;
  log?: StoreLog;
  /** Whether the time of a durable write was measured already. */
  isMeasured?: boolean;
  surroundings?: ProcessLookup;
}

const NO_PROCESSES: ProcessLookup = { bootId: '', look: () => ({ location: 'none', pids: [], idHere: null }) };

/**
 * Opens the store of a data directory. Creates the database or brings its schema up to date where needed.
 *
 * Throws when the file cannot be opened or was written by a newer llamactl.
 *
 * @param options.file Absolute path of the database.
 * @param options.log Gets warnings, and the time of a durable write, which is measured at the start.
 * @param options.surroundings For {@link settleIdentity}. Left out: no processes.
 */
export function openStore(options: OpenStoreOptions): SqliteStore {
  const database = openDatabase(options.file);
  try {
    const restored = settleRestored(database, options.file, options.clock.now());
    if (restored !== null) options.log?.warn(restored);
    const copied = settleIdentity(database, options.file, options.surroundings ?? NO_PROCESSES);
    if (copied !== null) options.log?.warn(copied);
    if (isOursAlone(database))
      options.log?.warn(
        `The disk of ${options.file} is full. Until there is room, no other process, such as a backup, can read the file.`,
      );
    const store = createSqliteStore(database, options.file, options.clock, options.log);
    noteUse(database, options, store.databaseFile);
    if (options.log && options.isMeasured !== true) measure(database, options, options.log);
    return {
      ...store,
      async close() {
        if (database.isOpen) noteUse(database, options, store.databaseFile);
        await store.close();
      },
    };
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Counts a use of the database. On a full disk only warns: the server still serves, but might not recognise an older copy. */
function noteUse(
  database: DatabaseSync,
  { file, log }: { file: string; log?: StoreLog },
  databaseFile: Pick<DatabaseFile, 'look'>,
): void {
  try {
    // Counters in another folder belong to another database.
    if (databaseFile.look() !== 'elsewhere') countUse(database, file);
  } catch (error) {
    log?.warn(`${file}.counters could not be written: ${reasonOf(error)}`);
  }
}

/** Creates the stores on an open database that {@link openDatabase} has prepared. */
export function createSqliteStore(database: DatabaseSync, file: string, clock: Clock, log?: StoreLog): SqliteStore {
  let isAlone = isOursAlone(database);
  let reported = '';
  const queue = createCommitQueue(database, file, clock, () => {
    if (!isAlone) return;
    const reason = shareAgain(database, dirname(file));
    isAlone = reason !== null;
    // Report each reason once, since every commit tries.
    if (reason !== null && reason !== reported) log?.warn(`No other process can read ${file} for now: ${reason}`);
    reported = reason ?? '';
  });
  const kept = createKeptEvents(database);
  const databaseFile = new DatabaseFile(file);
  return {
    ...createInstanceStore(database, file, queue, kept),
    accounts: createAccountStore(database, file, queue),
    audit: createAuditStore(database, file, queue),
    downloads: createDownloadStore(database, file, queue, kept),
    replay: createReplayStore(database, file, queue, kept, databaseFile, (message) => log?.warn(message)),
    databaseFile,

    async close() {
      queue.drain();
      const said = database.isOpen ? databaseFile.close(database, clock.now()) : null;
      if (said !== null) log?.warn(said);
    },
  };
}

const MEASURED_WRITES = 10;

/**
 * Above this time per write, waiting for the disk slows down everything else. At 50 changes a second, it takes a
 * quarter of the time.
 */
const SLOW_WRITE_MS = 5;

/** Measures durable writes, and logs how long each change of state blocks the event loop. */
function measure(database: DatabaseSync, { file, clock }: { file: string; clock: Clock }, log: StoreLog): void {
  const write = database.prepare(`insert or replace into meta (key, value) values ('measured', ?)`);
  const begun = clock.elapsed();
  try {
    for (let count = 0; count < MEASURED_WRITES; count += 1) write.run(String(begun + count));
  } catch (error) {
    // The server starts even if nothing can be stored for now, since it may have engines to adopt.
    log.warn(`${file} cannot be written now: ${reasonOf(error)}`);
    return;
  }
  const each = (clock.elapsed() - begun) / MEASURED_WRITES;
  const sentence = `A durable write takes ${each.toFixed(1)} ms`;
  if (each > SLOW_WRITE_MS)
    log.warn(`${sentence}: put data_dir on a faster disk, or every change of state delays all requests.`);
  else log.debug(`${sentence}.`);
}
