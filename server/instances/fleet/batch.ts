import { ApiError } from '@llamactl/contract/errors';
import type { Batch, Status } from '@llamactl/contract/instance';
import { Sealed } from '../life/mailbox.ts';

/** The states from which start-all starts. */
export const STARTED_BY_ALL: readonly Status[] = ['stopped', 'failed'];
/** The states from which stop-all stops. */
export const STOPPED_BY_ALL: readonly Status[] = ['running', 'starting', 'restarting'];

/**
 * Calls `act` for many instances in parallel. A refusal becomes the result of its instance, and does not affect the
 * others.
 *
 * @throws {@link Sealed} if all instances were already handed over. Nothing was done then, and the next server carries
 *   out the batch. If only some were handed over, their results are errors.
 */
export async function batch(
  names: readonly string[],
  act: (name: string) => Promise<Status | null>,
  statusOf: (name: string) => Status | null,
): Promise<Batch['results']> {
  const late: Sealed[] = [];
  let isAnyInTime = false;
  const results = await Promise.all(
    [...new Set(names)].map(async (name) => {
      try {
        const status = await act(name);
        isAnyInTime = true;
        return { name, status };
      } catch (error) {
        if (!(error instanceof ApiError || error instanceof Sealed)) throw error;
        if (error instanceof Sealed) late.push(error);
        const code = error instanceof ApiError ? { code: error.code } : {};
        return { name, status: statusOf(name), error: error.message, ...code };
      }
    }),
  );
  const [first] = late;
  if (first !== undefined && !isAnyInTime) throw first;
  return results;
}
