import path from 'node:path';
import type { Clock } from '../instances/ports/time.ts';
import { openStore, type SqliteStore, type StoreLog } from '../store/sqlite.ts';
import { currentBootId } from '../supervisor/boot-id.ts';
import { whereaboutsOf } from '../supervisor/whereabouts.ts';
import type { Teardown } from './teardown.ts';

export interface StorageParts {
  /** The data directory; this process has its lock. */
  dataDirectory: string;
  clock: Clock;
  log: StoreLog;
  /** Whether the time of a durable write was measured already. */
  isMeasured: boolean;
  teardown: Teardown;
}

/**
 * Opens the store. The processes of this machine show whether the data directory is a copy. @throws {Error} the store
 * is broken
 */
export function openStorage({ dataDirectory, clock, log, isMeasured, teardown }: StorageParts): SqliteStore {
  return teardown.ending(
    openStore({
      file: path.join(dataDirectory, 'llamactl.db'),
      clock,
      surroundings: {
        bootId: currentBootId(),
        look: (dataDirId, known) => whereaboutsOf(dataDirId, dataDirectory, known),
      },
      log,
      isMeasured,
    }),
  );
}
