import type { LiveNews } from '../events/message.ts';
import type { LookDepth } from '../instances/refused-starts.ts';
import { expect, it } from 'vitest';
import { listRefresh } from './list-refresh.ts';

/** @param hasChanged Whether a look changes a row */
function stage(hasChanged: boolean) {
  const sent: LiveNews['data'][] = [];
  const looks: LookDepth[] = [];
  const lookAtStopped = async (depth: LookDepth): Promise<boolean> => {
    looks.push(depth);
    return hasChanged;
  };
  const judged = { count: 0 };
  const refresh = listRefresh({
    instances: { lookAtStopped },
    feed: { send: ({ data }) => void sent.push(data) },
    startsAlert: { looked: () => void (judged.count += 1) },
  });
  return { refresh, sent, looks, judged };
}

it('after the first scan of models also looks at the memory, and after later ones only at files', () => {
  const { refresh, looks } = stage(false);
  for (const hasNews of [true, true, false]) refresh(hasNews);
  expect(looks).toEqual(['memory', 'files', 'files']);
});

it('sends clients the changes of lists that have no event', async () => {
  const { refresh, sent } = stage(true);
  refresh(true);
  await expect.poll(() => sent).toEqual([{ reason: 'models' }, { reason: 'starts' }]);
});

it('lets the alert judge after each look, also if no row has changed', async () => {
  const { refresh, judged } = stage(false);
  refresh(false);
  refresh(false);
  await expect.poll(() => judged.count).toBe(2);
});

it('sends nothing if nothing has changed', async () => {
  const { refresh, sent, looks } = stage(false);
  refresh(false);
  await expect.poll(() => looks).toEqual(['memory']);
  expect(sent).toEqual([]);
});
