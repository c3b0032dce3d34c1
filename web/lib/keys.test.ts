import { describe, expect, it } from 'vitest';
import { keyName, matchKey } from './keys.ts';

const plain = { ctrlKey: false, metaKey: false, altKey: false, shiftKey: false };

describe('the name of a key', () => {
  it.each([
    [{ ...plain, key: 'g' }, 'g'],
    [{ ...plain, key: '?', shiftKey: true }, '?'],
    [{ ...plain, key: 'k', ctrlKey: true }, 'mod+k'],
    [{ ...plain, key: 'K', metaKey: true, shiftKey: true }, 'mod+k'],
    [{ ...plain, key: 'ArrowDown', shiftKey: true }, 'shift+ArrowDown'],
    [{ ...plain, key: ' ' }, 'Space'],
  ])('of %o is %s', (press, name) => {
    expect(keyName(press)).toBe(name);
  });
});

describe('shortcuts', () => {
  const shortcuts = [{ keys: 'g i' }, { keys: 'g p' }, { keys: 'n' }, { keys: '/' }];

  it('of two keys wait for the second', () => {
    const first = matchKey(shortcuts, '', 'g');
    expect(first).toEqual({ found: null, begun: 'g' });
    expect(matchKey(shortcuts, first.begun, 'p')).toEqual({ found: { keys: 'g p' }, begun: '' });
  });

  it('of one key count also after a sequence that leads nowhere', () => {
    expect(matchKey(shortcuts, 'g', 'n').found).toEqual({ keys: 'n' });
    expect(matchKey(shortcuts, 'g', 'z')).toEqual({ found: null, begun: '' });
  });

  it('of the innermost place win', () => {
    const inner = { keys: 'n', place: 'log' };
    expect(matchKey([...shortcuts, inner], '', 'n').found).toBe(inner);
  });
});
