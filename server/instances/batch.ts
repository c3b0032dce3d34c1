import { ApiError } from '@llamactl/contract/errors';
import type { Batch, Status } from '@llamactl/contract/instance';

/** Does one thing to many, at once and each by itself: what is refused is told among the results. */
export function batch(
  names: readonly string[],
  act: (name: string) => Promise<Status>,
  statusOf: (name: string) => Status | null,
): Promise<Batch['results']> {
  return Promise.all(
    [...new Set(names)].map(async (name) => {
      try {
        return { name, status: await act(name) };
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        return { name, status: statusOf(name), error: error.message };
      }
    }),
  );
}
