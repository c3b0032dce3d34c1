import type { Operation } from '@llamactl/contract/operation';
import { OPERATIONS } from '@llamactl/contract/operations';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { judgeSized } from './judge-body.ts';
import { atOnce } from '../../sliced-work.ts';

const judged = (...given: Parameters<typeof judgeSized>) => atOnce(judgeSized(...given));
const MEGABYTE = 1_048_576;
const filled = (item: unknown): unknown[] =>
  Array.from({ length: MEGABYTE / (JSON.stringify(item).length + 1) }, () => item);
const keyed = (value: unknown): Record<string, unknown> =>
  Object.fromEntries(Array.from({ length: 80_000 }, (_, index) => [`k${index}`, value]));

/** A schema that counts the numbers it checks. */
function counting(): { looks: () => number; number: z.ZodType } {
  let looks = 0;
  const number = z.unknown().refine((value) => {
    looks += 1;
    return typeof value === 'number';
  });
  return { looks: () => looks, number };
}

describe('a body with too many values', () => {
  it('is refused before its schema checks it', () => {
    const { looks, number } = counting();
    const body = { schema: z.strictObject({ a: z.record(z.string(), number) }), optional: false };
    expect(judged(body, { a: keyed('x') }).problems).toEqual([{ path: '', message: 'must hold at most 5000 values' }]);
    expect(looks()).toBe(0);
    expect(judged(body, { a: { b: 1 } })).toEqual({ value: { a: { b: 1 } }, problems: null });
  });

  it.each<[string, Operation['body'], unknown]>([
    ['aliases', OPERATIONS.createInstance.body, { name: 'x', aliases: filled('') }],
    ['request_strip', OPERATIONS.createInstance.body, { name: 'x', request_strip: filled(1) }],
    ['extra_args', OPERATIONS.createInstance.body, { name: 'x', extra_args: filled(1) }],
    ['an option', OPERATIONS.createInstance.body, { name: 'x', options: { a: filled({}) } }],
    ['options', OPERATIONS.createInstance.body, { name: 'x', options: keyed({}) }],
    ['environment', OPERATIONS.updateInstance.body, { environment: keyed(1) }],
    ['request_defaults', OPERATIONS.updateInstance.body, { request_defaults: { a: filled([]) } }],
    ['unknown keys of the configuration', OPERATIONS.updateConfig.body, keyed(1)],
    ['an instance of a fleet', OPERATIONS.applyFleet.body, { instances: [{ name: 'x', aliases: filled('') }] }],
    ['a fleet', OPERATIONS.applyFleet.body, { instances: filled({}) }],
  ])('has one problem: %s', (_, body, value) => {
    expect(body && judged(body, value).problems).toHaveLength(1);
  });

  it.each([
    ['aliases', { aliases: Array(1_001).fill('') }],
    ['request_strip', { request_strip: Array(1_001).fill(1) }],
    ['extra_args', { extra_args: Array(1_001).fill(1) }],
    ['options.a', { options: { a: Array.from({ length: 1_001 }, () => ({})) } }],
  ])('has one problem when the list %s is too long', (path, settings) => {
    expect(judged(OPERATIONS.createInstance.body, { name: 'x', ...settings }).problems).toEqual([
      { path, message: 'must have at most 1000 entries' },
    ]);
  });
});

describe('a fleet', () => {
  const { body } = OPERATIONS.applyFleet;

  it('may hold more values than one body, because each entry is validated separately', () => {
    const options = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`k${index}`, index]));
    const fleet = {
      version: 1,
      instances: Array.from({ length: 500 }, (_, index) => ({ name: `i${index}`, options })),
    };
    expect(judged(body, fleet)).toEqual({ value: fleet, problems: null });
  });

  it('has the problems of its entries, with their paths, and those outside of the entries', () => {
    const fleet = { vresion: 1, instances: [{ name: 'a' }, { name: 'b', port: 0 }, 5, { name: 'c', nam: 1 }] };
    expect(judged(body, fleet).problems).toMatchObject([
      { path: 'vresion', message: 'is not known; did you mean version?' },
      { path: 'instances[1].port', message: 'must be at least 1' },
      { path: 'instances[2]', message: 'must be an object' },
      { path: 'instances[3].nam', message: 'is not known; did you mean name?' },
    ]);
  });

  it.each([undefined, null, 5, {}, { instances: 5 }, []])('of a wrong type is refused: %j', (value) =>
    expect(judged(body, value).problems).not.toBeNull(),
  );

  it('is checked until it has a hundred problems', () => {
    const { looks, number } = counting();
    const schema = z.strictObject({ list: z.array(z.strictObject({ a: number })) });
    const found = judged(
      { schema, optional: false, entries: 'list' },
      { list: Array.from({ length: 4_000 }, () => ({ a: 'x' })) },
    );
    expect(found.problems).toHaveLength(100);
    expect(looks()).toBe(100);
  });
});

describe('the settings of another program', () => {
  const foreign = 'is an instance of the Go llamactl; to take it over: llamactl import go-llamactl FILE';
  const options = { backend_type: 'llama_cpp', backend_options: { model: '/m.gguf' } };

  it('are recognised before their unknown keys', () => {
    const [first, ...others] = judged(OPERATIONS.createInstance.body, options).problems ?? [];
    expect(first).toEqual({ path: '', message: expect.stringContaining(foreign) as unknown });
    expect(others.map(({ path }) => path)).toContain('backend_type');
  });

  it('are recognised as an update too', () => {
    expect(judged(OPERATIONS.updateInstance.body, { options }).problems?.[0]?.message).toContain(foreign);
  });

  it('are not looked for in a valid body', () => {
    expect(judged(OPERATIONS.createInstance.body, { name: 'a' }).problems).toBeNull();
  });
});
