import type { Inheritance } from './reload/inheritance.ts';
import { readHolder } from './store/holder.ts';
import { enterLock, type Lock, type LockOptions } from './store/lock.ts';

/** Another server that finds the directory taken needs milliseconds for that. */
const ENTRY_PATIENCE_MS = 500;

/** What has to be known of the server that goes. */
interface Predecessor {
  link: Pick<Inheritance['link'], 'takeOver'>;
  hello: Pick<Inheritance['hello'], 'reload' | 'pid' | 'version'>;
}

/** The lock of a server that goes: taken as soon as that gives it, with nobody in between. */
export function inheritLock({ link, hello }: Predecessor): (options: LockOptions) => Promise<Lock> {
  return async (options) => {
    const entry = enterLock(options.directory, ENTRY_PATIENCE_MS);
    try {
      await link.takeOver();
    } catch (error) {
      entry.leave();
      throw error;
    }
    const { reload: number, pid, version } = hello;
    // We listen where it did, and whoever calls until then waits: the command line has to find it all the time.
    const url = readHolder(options.directory)?.url ?? null;
    return entry.acquire({
      ...options,
      url,
      reload: { number, state: 'under_way', reason: null, from: { pid, version } },
    });
  };
}
