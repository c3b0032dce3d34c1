import { useCallback } from 'react';
import { useApp } from '../../lib/app.ts';
import { readAnswer } from './answer-stream.ts';
import type { AnswerEffects } from './one-answer.ts';
import type { StreamSlots } from './stream-slots.ts';

/** Returns the function that reads answers of instances, in the slots of this browser. */
export function useReader(slots: StreamSlots): AnswerEffects['read'] {
  const { client } = useApp();
  return useCallback(
    (reading) => slots.run(reading.signal, () => readAnswer({ client, now: () => performance.now(), ...reading })),
    [client, slots],
  );
}

/** Calls back before the next frame is painted. */
export const nextFrame: AnswerEffects['nextFrame'] = (paint) => {
  requestAnimationFrame(paint);
};
