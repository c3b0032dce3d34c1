import { describe, expect, it } from 'vitest';
import {
  changesBetween,
  defaultsIn,
  isSame,
  ordered,
  patchOf,
  valueAt,
  withoutDefaults,
  withValue,
} from './settings-document.ts';

describe('a setting at a dotted path', () => {
  it('is read and written, also inside options whose names have dots', () => {
    const document = withValue({ name: 'chat' }, 'options.rope.scale', 2);
    expect(document).toEqual({ name: 'chat', options: { 'rope.scale': 2 } });
    expect(valueAt(document, 'options.rope.scale')).toBe(2);
    expect(valueAt(document, 'options.threads')).toBeUndefined();
  });

  it('is removed without leaving an empty object behind', () => {
    expect(withValue({ name: 'chat', options: { threads: 2 } }, 'options.threads', undefined)).toEqual({
      name: 'chat',
    });
    expect(withValue({ name: 'chat', group: 'big' }, 'group', undefined)).toEqual({ name: 'chat' });
  });
});

describe('the body of an update', () => {
  it('has only what differs, and null for what is gone', () => {
    const before = { name: 'chat', group: 'big', options: { threads: 2, ctx_size: 512 }, aliases: ['a'] };
    const after = { name: 'chat', options: { ctx_size: 1024, temp: 0.5 }, aliases: ['a', 'b'] };
    expect(patchOf(before, after)).toEqual({
      group: null,
      options: { threads: null, ctx_size: 1024, temp: 0.5 },
      aliases: ['a', 'b'],
    });
  });

  it('removes each option when none is left, because an update merges objects', () => {
    expect(patchOf({ options: { threads: 2 } }, {})).toEqual({ options: { threads: null } });
  });

  it('is empty when nothing differs, whatever the order of keys', () => {
    expect(patchOf({ options: { a: 1, b: 2 } }, { options: { b: 2, a: 1 } })).toEqual({});
    expect(patchOf({ environment: {} }, {})).toEqual({});
  });
});

describe('a document to read', () => {
  const base = { name: 'chat', aliases: [], pinned: false, on_demand: false, queue_limit: 1_000 };

  it('leaves out what only has its default, so that no one has to keep it', () => {
    expect(withoutDefaults(base, base)).toEqual({ name: 'chat', on_demand: false });
    expect({ ...defaultsIn(base), ...withoutDefaults(base, base) }).toEqual(base);
  });

  it('has a default that was changed, and one that a person has set', () => {
    expect(withoutDefaults({ ...base, pinned: true }, base)).toMatchObject({ pinned: true });
    expect(withoutDefaults({ name: 'new', pinned: false }, {})).toEqual({ name: 'new', pinned: false });
  });
});

describe('the list of changes', () => {
  it('names each option by itself, in the order of the form', () => {
    const before = { options: { threads: 2 }, name: 'chat' };
    const after = { options: { threads: 4, ctx_size: 512 }, name: 'chat', idle_timeout: 60 };
    expect(changesBetween(before, after)).toEqual([
      { path: 'options.threads', before: 2, after: 4 },
      { path: 'options.ctx_size', before: undefined, after: 512 },
      { path: 'idle_timeout', before: undefined, after: 60 },
    ]);
  });

  it('has settings that the form does not know', () => {
    expect(changesBetween({}, { colour: 'red' })).toEqual([{ path: 'colour', before: undefined, after: 'red' }]);
  });
});

it('settings are written with the name first', () => {
  expect(Object.keys(ordered({ options: {}, model: 'qwen', other: 1, name: 'chat' }))).toEqual([
    'name',
    'model',
    'options',
    'other',
  ]);
});

it('a list is the same as another only in the same order', () => {
  expect(isSame([1, 'a'], [1, 'a'])).toBe(true);
  expect(isSame(['a', 1], [1, 'a'])).toBe(false);
  expect(isSame('1', 1)).toBe(false);
});
