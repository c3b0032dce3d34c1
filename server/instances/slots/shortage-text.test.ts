import { describe, expect, it } from 'vitest';
import type { Shortage } from './memory-ledger.ts';
import { shortageText } from './shortage-text.ts';

const GIBIBYTE = 2 ** 30;
const shortage = (need: number, more: Partial<Shortage> = {}): Shortage => ({
  device: 'ram',
  need: need * GIBIBYTE,
  most: 8 * GIBIBYTE,
  pinned: 0,
  limit: null,
  ...more,
});
const smaller = [{ options: { ctx_size: 4_096 }, label: 'a context of 4096 tokens' }];

describe('the advice for an instance that needs too much memory', () => {
  it('is a launch that would fit, or more overcommitment', () => {
    expect(shortageText(shortage(9), smaller, { overcommit: 1 })).toBe(
      'it needs 9.00 GiB of ram, and can get at most 8.00 GiB; it would fit with a context of 4096 tokens; ' +
        'or raise `memory.overcommit` (now 1)',
    );
  });

  it('is no overcommitment for a need far beyond the room, if a launch would fit', () => {
    const text = 'it needs 400.00 GiB of ram, and can get at most 8.00 GiB; it would fit with a context of 4096 tokens';
    expect(shortageText(shortage(400), smaller, { overcommit: 1 })).toBe(text);
  });

  it('is a higher limit where one is set, or overcommitment if nothing would fit', () => {
    expect(shortageText(shortage(400, { limit: 'ram' }), smaller, { overcommit: 1 })).toContain(
      '; or raise `memory.devices.ram.limit_mb` or `memory.overcommit` (now 1)',
    );
    expect(shortageText(shortage(400), [], { overcommit: 1.5 })).toMatch(
      /8\.00 GiB; raise `memory.overcommit` \(now 1.5\)$/,
    );
  });
});

it.each([
  [0.5, '512 MiB'],
  [22, '22.00 GiB'],
  [2_241.15, '2.19 TiB'],
])('%d GiB are shown in the unit that people read', (need, text) => {
  expect(shortageText(shortage(need), [], { overcommit: 1 })).toContain(`it needs ${text} of ram`);
});
