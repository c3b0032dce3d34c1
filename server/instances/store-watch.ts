import { ApiError } from '@llamactl/contract/errors';
import { STORE_FAILED, type AlertSink } from './ports/alert-sink.ts';
import { type InstanceStore, StoreBusy } from './ports/instance-store.ts';

const UNWRITABLE = {
  reason: 'the disk of data_dir is full or cannot be written',
  remedy: 'See that its disk has space and can be written',
};
const BUSY = {
  reason: 'another program holds the lock of the database in data_dir',
  remedy: 'Another program holds the lock of the database: end that program or its transaction',
};

/**
 * Wraps the store: raises an alert while it cannot be written, and rejects with an error that a caller may read.
 * Commands to engines still take effect, and their changes are stored later.
 */
export function watchStore(store: InstanceStore, alerts: AlertSink): InstanceStore {
  const watch = async (write: Promise<void>): Promise<void> => {
    try {
      await write;
      alerts.clear(STORE_FAILED);
    } catch (error) {
      const { reason, remedy } = error instanceof StoreBusy ? BUSY : UNWRITABLE;
      alerts.raise({
        level: 'error',
        code: STORE_FAILED,
        message:
          'Changes cannot be stored in data_dir, and a restart of llamactl would forget them. Engines go on running. ' +
          `${remedy}; llamactl retries every second.`,
      });
      throw new ApiError(
        'INTERNAL_ERROR',
        `This could not be stored: ${reason}. A start or stop has taken effect all the same and is stored as soon as writing ` +
          'works again; settings are unchanged.',
        { cause: error },
      );
    }
  };
  return {
    dataDirId: store.dataDirId,
    load: () => store.load(),
    save: (instance, events) => watch(store.save(instance, events)),
    remove: (id, events) => watch(store.remove(id, events)),
  };
}
