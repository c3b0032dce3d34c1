import { expect, it } from 'vitest';
import { atOnce } from '../sliced-work.ts';
import type { KnownFile } from './model-groups.ts';
import { indexModels, NO_INDEX } from './model-index.ts';

const file = (name: string, size = 1): KnownFile => ({
  path: `/models/${name}`,
  kind: 'gguf',
  identity: name,
  size,
  modified: 0,
  source: 'folder',
  repo: null,
  relative: name,
  format: 'gguf',
  facts: null,
  problem: null,
});

it('keeps the objects of models that have not changed, so that the text of lists is made once', () => {
  const before = atOnce(indexModels([file('a.gguf'), file('b.gguf')], NO_INDEX));
  const after = atOnce(indexModels([file('a.gguf'), file('b.gguf', 2), file('c.gguf')], before));
  expect(after.models.map(({ name, size }) => [name, size])).toEqual([
    ['a', 1],
    ['b', 2],
    ['c', 1],
  ]);
  expect(after.models.map((model) => before.models.includes(model))).toEqual([true, false, false]);
  expect(after.infos.get('/models/a.gguf')).toBe(before.infos.get('/models/a.gguf'));
  expect(after.byId.get(before.models[1]?.id ?? '')).toBe(after.models[1]);
});

it('gives each of many models a slice of its own', () => {
  const work = indexModels(
    Array.from({ length: 100 }, (_, index) => file(`${index}.gguf`)),
    NO_INDEX,
  );
  let slices = 0;
  while (work.next().done !== true) slices += 1;
  expect(slices).toBeGreaterThanOrEqual(200);
});
