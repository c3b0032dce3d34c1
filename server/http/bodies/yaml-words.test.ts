import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Lexer } from 'yaml';
import { yamlWords } from './yaml-words.ts';

class TooLong extends Error {}

/** Pieces of YAML, of at most ten characters. */
const piece = fc.oneof(
  fc.constantFrom(
    'a',
    'name',
    'é😀',
    '0',
    ' ',
    '  ',
    '\t',
    '\n',
    '\n\n',
    '\n  ',
    '\n    ',
    '\r\n',
    '\r\n  ',
    '\r',
    '\ufeff',
  ),
  fc.constantFrom(': ', ':', '- ', '? ', '\n- ', '\n  - ', '\na: ', '\n  b: ', '--', '\n---\n', '---\n', '\n...\n'),
  fc.constantFrom(
    '|\n',
    '>\n',
    '|2\n',
    '|+\n',
    '|-\r\n',
    '|9+ # a\n',
    '%YAML 1.2\n',
    '%a #',
    '&a ',
    '*a',
    '!',
    '!!str ',
  ),
  fc.constantFrom('"', "'", "''", '\\', '\\"', '{', '}', '[', ']', ',', ', ', '#', ' # ', '!<a>', '!<', '%41'),
);
const line = fc.oneof(
  fc.constantFrom(
    'a: b',
    '- c',
    '  - d: 1',
    '    e: "f"',
    "  'g h': 'i''j'",
    'k: l: m',
    '  n # o',
    '# p',
    '',
    '  ',
    '\t',
  ),
  fc.constantFrom(
    '    q r',
    's: |',
    '  t: >-',
    '- |2',
    '- |+ # u',
    '   v',
    '     \t',
    'w: [x, y]',
    '  {z: 1,',
    '   2: [3',
  ),
  fc.constantFrom('  ]}', '---', '...', '&a !!str b', '*a : c', '? d', ': e', '"f', '  g"', "'h", "i'", '%YAML 1.2'),
  fc.constantFrom('- - - ? j', '[', '{', ']', '}', '\ufeff'),
);
const size = { size: 'max', maxLength: 120 } as const;
const yaml = fc.oneof(
  fc.array(piece, size).map((pieces) => pieces.join('')),
  fc.tuple(fc.array(line, size), fc.constantFrom('\n', '\r\n')).map(([each, end]) => each.join(end)),
);

/** Tokens that stand for no character of the text. */
const isControl = (word: string): boolean => ['\u0002', '\u0018', '\u001f'].includes(word);

describe('the lexer tokens of a YAML text, read through a window', () => {
  it('are the tokens of the whole text, until one is too long', () => {
    fc.assert(
      fc.property(yaml, fc.integer({ min: 8, max: 150 }), fc.integer({ min: 1, max: 50 }), (text, longest, hop) => {
        const whole = [...new Lexer().lex(text)];
        const words: string[] = [];
        try {
          for (const word of yamlWords(text, () => new TooLong(), { longest, lookAhead: 60, hop })) words.push(word);
        } catch (error) {
          if (!(error instanceof TooLong)) throw error;
          expect(words).toEqual(whole.slice(0, words.length));
          const next = whole[words.length + (isControl(whole[words.length] ?? '') ? 1 : 0)] ?? '';
          const offset = words.filter((word) => !isControl(word)).join('').length;
          const behind = /^[ \t\r\n]*/.exec(text.slice(offset + next.length))?.[0].length ?? 0;
          if (!/^['"]/.test(next)) expect(next.length + behind).toBeGreaterThan(longest);
          return;
        }
        expect(words).toEqual(whole);
      }),
      { numRuns: 1_500 },
    );
  });

  it('do not end between two single quotes that stand for one', () => {
    const text = `a: 'x\n${'b:\n'.repeat(9)}c''${'\nb:'.repeat(10)}`;
    const words = yamlWords(text, () => new TooLong(), { longest: 20, lookAhead: 10, hop: 5 });
    expect(() => [...words]).toThrow(TooLong);
  });
});
