import type { Clock } from '../instances/ports/time.ts';
import type { SuccessorProcess } from './successor-process.ts';

/**
 * Waits for an answer of a new process.
 *
 * @throws {Error} with a message for people, if the process ends first or the time is up
 */
export async function answerWithin<Value>(
  milliseconds: number,
  said: Promise<Value>,
  { ended }: Pick<SuccessorProcess, 'ended'>,
  clock: Pick<Clock, 'after'>,
): Promise<Value> {
  const late = Promise.withResolvers<never>();
  const cancel = clock.after(milliseconds, () =>
    late.reject(new Error(`the new process was not ready within ${milliseconds / 1_000} seconds`)),
  );
  const early = ended.then(async (how) => {
    // A message that the process sent before its end wins over the end.
    await said.catch(() => undefined);
    throw new Error(`the new process ended ${how}; the log says more`);
  });
  early.catch(() => undefined);
  late.promise.catch(() => undefined);
  try {
    return await Promise.race([said, early, late.promise]);
  } finally {
    cancel();
  }
}
