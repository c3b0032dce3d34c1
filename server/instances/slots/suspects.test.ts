import { beforeEach, expect, it } from 'vitest';
import { Suspects } from './suspects.ts';

let suspects: Suspects<string>;

beforeEach(() => {
  suspects = new Suspects();
});

it('goes one suspect at a time, in the order of arrival', () => {
  suspects.add('a');
  suspects.add('b');
  const first = suspects.next();
  expect([first?.item, suspects.size, suspects.next()]).toEqual(['a', 1, null]);
  first?.end();
  expect(suspects.next()?.item).toBe('b');
});

it('is clear when no suspect waits or is on trial', () => {
  expect(suspects.isClear).toBe(true);
  suspects.add('a');
  expect(suspects.isClear).toBe(false);
  const trial = suspects.next();
  expect(suspects.isClear).toBe(false);
  trial?.end();
  expect([suspects.isClear, suspects.next()]).toEqual([true, null]);
});

it('ends only its own trial, even if called again', () => {
  suspects.add('a');
  suspects.add('b');
  suspects.add('c');
  const first = suspects.next();
  first?.end();
  expect(suspects.next()?.item).toBe('b');
  first?.end();
  expect(suspects.next()).toBe(null);
});

it('removes a suspect whose caller leaves', () => {
  suspects.add('a');
  suspects.add('b');
  suspects.remove('a');
  suspects.remove('z');
  expect([...suspects]).toEqual(['b']);
});
