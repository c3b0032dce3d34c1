import { describe, expect, it } from 'vitest';
import { findingsIn } from './plain-english.ts';

const found = (file: string, text: string): string[] =>
  findingsIn(file, text).map(({ line, found: what }) => `${line} ${what}`);

describe('the check of words', () => {
  it('finds a banned word in a comment, a name and a page', () => {
    expect(found('a.ts', '// one\n// The caller is told.\nconst untold = 1;')).toEqual(['2 told', '3 untold']);
    expect(found('a.md', 'It is told.')).toEqual(['1 told']);
  });

  it('leaves words alone that only contain a banned one', () => {
    expect(found('a.ts', '// renewable, toldX, wolf')).toEqual([]);
  });

  it('finds a sentence of a comment that begins with a clause', () => {
    expect(found('a.ts', '/** What it costs. */')).toEqual(['1 /** What it costs. */']);
    expect(found('a.ts', ' * Counts bytes. What is left is dropped.')).toHaveLength(1);
  });

  it('lets questions, code and pages begin with What', () => {
    expect(found('a.ts', '// What is the port?')).toEqual([]);
    expect(found('a.ts', "const question = 'What';")).toEqual([]);
    expect(found('a.md', 'What you need: a model.')).toEqual([]);
  });
});
