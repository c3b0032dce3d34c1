import type { Inheritance } from './reload/inheritance.ts';
import { enterLock, type Lock, type LockOptions } from './store/lock.ts';

/** Another server that finds the directory taken needs milliseconds for that. */
const ENTRY_PATIENCE_MS = 500;

/** The lock of a server that goes: taken as soon as that gives it, with nobody in between. */
export function inheritLock({ link, failure, hello }: Inheritance): (options: LockOptions) => Promise<Lock> {
  return async (options) => {
    const entry = enterLock(options.directory, ENTRY_PATIENCE_MS);
    try {
      await link.takeOver();
    } catch (error) {
      entry.leave();
      throw error;
    }
    const { reload: number, pid, version } = hello;
    const state = failure === null ? 'under_way' : 'failed';
    return entry.acquire({ ...options, reload: { number, state, reason: failure, from: { pid, version } } });
  };
}
