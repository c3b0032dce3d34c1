import { createContext, use, useCallback } from 'react';
import { useApp } from '../../lib/app.ts';
import { readAnswer } from './answer-stream.ts';
import type { AnswerEffects } from './one-answer.ts';
import type { StreamSlots } from './stream-slots.ts';

/** The slots for answers of this tab. The page gives them to its parts. */
export const SlotsContext = createContext<StreamSlots | null>(null);

/** Returns the slots for answers. */
export function useSlots(): StreamSlots {
  const slots = use(SlotsContext);
  if (slots === null) throw new Error('useSlots needs a SlotsContext');
  return slots;
}

/** Returns the function that reads answers of a load test, in the slots of this browser. */
export function useReader(): AnswerEffects['read'] {
  const { client } = useApp();
  const slots = useSlots();
  return useCallback(
    (reading) =>
      slots.run(reading.signal, () =>
        readAnswer({ client, now: () => performance.now(), asksWaits: false, ...reading }),
      ),
    [client, slots],
  );
}

/** Calls back before the next frame is painted. */
export const nextFrame: AnswerEffects['nextFrame'] = (paint) => {
  requestAnimationFrame(paint);
};
