import type { Starter } from '@llamactl/client';
import { describe, expect, it } from 'vitest';
import { chosenStarters } from './starter-choice.ts';

const starter = (name: string, purpose: Starter['purpose'], size: number, fits: Starter['fits']): Starter => ({
  name,
  purpose,
  size,
  fits,
  memory_gb: 8,
  reference: name,
  reason: '',
  memory_needed: size,
});

describe('the models for a first run', () => {
  it('are the smallest one, and the largest general one that fits', () => {
    const all = [
      starter('general 8', 'general', 8, 'yes'),
      starter('general 16', 'general', 16, 'yes'),
      starter('general 32', 'general', 32, 'tight'),
      starter('embed', 'embedding', 1, 'yes'),
      starter('small 16', 'small', 4, 'yes'),
      starter('small 8', 'small', 2, 'yes'),
    ];
    expect(chosenStarters(all).map(({ name }) => name)).toEqual(['small 8', 'general 16']);
  });

  it('are none if none fits', () => {
    expect(chosenStarters([starter('small', 'small', 2, 'no')])).toEqual([]);
  });
});
