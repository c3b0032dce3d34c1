import type { Inheritance } from '../reload/inheritance.ts';
import { readDescription } from '../store/server-description.ts';
import { enterLock, type Lock, type LockOptions } from '../store/lock.ts';

/** How long to wait for the entry lock: a server that finds the directory taken holds that lock for milliseconds. */
const ENTRY_PATIENCE_MS = 500;

/** The parts of an inheritance that the lock needs. */
interface Predecessor {
  link: Pick<Inheritance['link'], 'takeOver'>;
  hello: Pick<Inheritance['hello'], 'reload' | 'pid' | 'version'>;
}

/** Returns a function that takes over the predecessor's lock as soon as it is released, before any other process can. */
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
    // The URL stays the same, and requests wait meanwhile, so the command line must find the URL all the time.
    const url = readDescription(options.directory)?.url ?? null;
    return entry.acquire({
      ...options,
      url,
      reload: { number, state: 'under_way', reason: null, from: { pid, version } },
    });
  };
}
