import { describe, expect, it } from 'vitest';
import { isTrusted } from './trust.ts';

describe('isTrusted', () => {
  it.each([
    ['ours', { uid: 1000, mode: 0o100644 }, true],
    ["root's", { uid: 0, mode: 0o100600 }, true],
    ["another's", { uid: 1001, mode: 0o100600 }, false],
    ['ours and group-writable', { uid: 1000, mode: 0o100664 }, false],
    ['ours and world-writable', { uid: 1000, mode: 0o100646 }, false],
  ])('for a file that is %s: %j, %s', (_what, stats, isSo) => {
    expect(isTrusted(stats, 1000)).toBe(isSo);
  });

  it('lets root trust any owner, if no others can write', () => {
    expect(isTrusted({ uid: 1001, mode: 0o100600 }, 0)).toBe(true);
    expect(isTrusted({ uid: 1001, mode: 0o100666 }, 0)).toBe(false);
  });

  it('trusts everything on systems without owners', () => {
    expect(isTrusted({ uid: 0, mode: 0o100666 }, null)).toBe(true);
  });
});
