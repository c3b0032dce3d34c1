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
  const refresh = listRefresh({ instances: { lookAtStopped }, feed: { send: ({ data }) => void sent.push(data) } });
  return { refresh, sent, looks };
}

it('after the first scan of models also looks at the memory, and after later ones only at files', () => {
  const { refresh, looks } = stage(false);
  for (let scan = 0; scan < 3; scan += 1) refresh();
  expect(looks).toEqual(['memory', 'files', 'files']);
});

it('sends clients a change of the list', async () => {
  const { refresh, sent } = stage(true);
  refresh();
  await expect.poll(() => sent).toEqual([{ reason: 'starts' }]);
});
