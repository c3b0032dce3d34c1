import { STARTER_PURPOSES } from '@llamactl/contract/hub';
import { describe, expect, it } from 'vitest';
import { fitOf } from './hub/memory-fit.ts';
import { parseReference, referenceText } from './hub/model-reference.ts';
import { STARTERS } from './starters.ts';

const CLASSES = [8, 16, 32, 64];

describe('the starters', () => {
  it('have one model for each purpose and each size of memory, in this order', () => {
    const expected = CLASSES.flatMap((memory) => STARTER_PURPOSES.map((purpose) => [memory, purpose]));
    expect(STARTERS.map(({ memory_gb: memory, purpose }) => [memory, purpose])).toEqual(expected);
  });

  it('have names of their own', () => {
    expect(new Set(STARTERS.map(({ name }) => name)).size).toBe(STARTERS.length);
  });

  it('count a projector of about 0.85 GB with those that see', () => {
    const sizes = STARTERS.filter(({ purpose }) => purpose === 'vision').map(({ size }) => size);
    expect(sizes).toEqual([2.5e9, 4.7e9, 7.3e9, 16.5e9].map((weights) => weights + 0.85e9));
  });

  it.each(STARTERS.map((starter) => [`${starter.purpose} ${starter.memory_gb}`, starter] as const))(
    'of %s names a repository of the hub, fits its memory, and has a reason',
    (_name, { reference, size, memory_gb: memory, reason }) => {
      const parsed = parseReference(reference);
      expect(parsed.source).toBe('hub');
      expect(referenceText(parsed, 'quant' in parsed ? parsed.quant : null)).toBe(reference);
      expect(fitOf(size, memory * 1e9).fits).toBe('yes');
      expect(reason).toMatch(/^[A-Z].{20,}\.$/);
    },
  );
});
