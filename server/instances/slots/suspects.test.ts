import { beforeEach, expect, it } from 'vitest';
import { Suspects } from './suspects.ts';

let suspects: Suspects<string>;

beforeEach(() => {
  suspects = new Suspects();
});

it('go one at a time, in the order in which they came', () => {
  suspects.add('a');
  suspects.add('b');
  const first = suspects.next();
  expect([first?.item, suspects.size, suspects.next()]).toEqual(['a', 1, null]);
  first?.end();
  expect(suspects.next()?.item).toBe('b');
});

it('are clear when none waits and none is on trial', () => {
  expect(suspects.isClear).toBe(true);
  suspects.add('a');
  expect(suspects.isClear).toBe(false);
  const trial = suspects.next();
  expect(suspects.isClear).toBe(false);
  trial?.end();
  expect([suspects.isClear, suspects.next()]).toEqual([true, null]);
});

it('end their own trial only, however often', () => {
  suspects.add('a');
  suspects.add('b');
  suspects.add('c');
  const first = suspects.next();
  first?.end();
  expect(suspects.next()?.item).toBe('b');
  first?.end();
  expect(suspects.next()).toBe(null);
});

it('leave when their callers do', () => {
  suspects.add('a');
  suspects.add('b');
  suspects.remove('a');
  suspects.remove('z');
  expect([...suspects]).toEqual(['b']);
});
