import { describe, expect, it } from 'vitest';
import { conflictsOf, resolved } from './conflicts.ts';

const BEFORE = { name: 'chat', options: { ctx_size: 512, threads: 2 } };
const MINE = { name: 'chat', pinned: true, options: { ctx_size: 1024, threads: 2 } };
const THEIRS = { name: 'chat', options: { ctx_size: 256, threads: 4 } };

describe('settings that two windows have changed', () => {
  it('are listed with all three values and who changed them', () => {
    expect(conflictsOf(BEFORE, MINE, THEIRS)).toEqual([
      { path: 'options.ctx_size', before: 512, mine: 1024, theirs: 256, changedBy: 'both' },
      { path: 'pinned', before: undefined, mine: true, theirs: undefined, changedBy: 'me' },
      { path: 'options.threads', before: 2, mine: 2, theirs: 4, changedBy: 'them' },
    ]);
  });

  it('are no conflict when both chose the same value', () => {
    expect(conflictsOf(BEFORE, MINE, MINE).map(({ changedBy }) => changedBy)).toEqual(['me', 'me']);
  });

  it('become one version: first the value of whom changed it, else as chosen', () => {
    const conflicts = conflictsOf(BEFORE, MINE, THEIRS);
    expect(resolved(THEIRS, conflicts, new Map())).toEqual({
      name: 'chat',
      pinned: true,
      options: { ctx_size: 1024, threads: 4 },
    });
    const chosen = new Map([
      ['options.ctx_size', 'theirs'],
      ['options.threads', 'mine'],
      ['pinned', 'theirs'],
    ] as const);
    expect(resolved(THEIRS, conflicts, chosen)).toEqual({ name: 'chat', options: { ctx_size: 256, threads: 2 } });
  });
});
