import path from 'node:path';
import type { Clock } from '../instances/ports.ts';
import { openStore, type SqliteStore, type StoreLog } from '../store/sqlite.ts';
import { currentBootId } from '../supervisor/identity.ts';
import { whereaboutsOf } from '../supervisor/whereabouts.ts';
import type { Teardown } from './teardown.ts';

export interface StorageParts {
  /** It is ours. */
  dataDirectory: string;
  clock: Clock;
  log: StoreLog;
  /** The time of a durable write is known already. */
  isMeasured: boolean;
  teardown: Teardown;
}

/** Opens what is stored; the processes of this machine tell whether it is a copy. @throws {Error} the store is broken */
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
