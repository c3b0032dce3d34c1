import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { instructionsOf, quotedValue } from './modelfile-text.ts';

const values = (text: string): string[] => instructionsOf(text, 'Modelfile').map(({ value }) => value);

describe('the instructions of a Modelfile', () => {
  it('have a word in any case, a key for some words, a value, and the line where they begin', () => {
    const text = '# mine\n\nfrom qwen3:8b\n  PARAMETER  stop "a b"\nMESSAGE user """Hi\nthere"""\nSYSTEM x\n';
    expect(instructionsOf(text, 'Modelfile')).toEqual([
      { word: 'FROM', key: '', value: 'qwen3:8b', line: 3 },
      { word: 'PARAMETER', key: 'stop', value: 'a b', line: 4 },
      { word: 'MESSAGE', key: 'user', value: 'Hi\nthere', line: 5 },
      { word: 'SYSTEM', key: '', value: 'x', line: 7 },
    ]);
  });

  it.each([
    ['SYSTEM """\nYou are a pirate.\n# no comment\n"""', '\nYou are a pirate.\n# no comment\n'],
    ['SYSTEM "one\ntwo"', 'one\ntwo'],
    ['SYSTEM """say "yes" """', 'say "yes" '],
    ['SYSTEM ""', ''],
    ['SYSTEM """"""', ''],
    ['\uFEFFFROM a\r\n', 'a'],
  ])('may have quotes: %j', (text, value) => {
    expect(values(text)).toEqual([value]);
  });

  it.each([
    ['FROM a\nSYSTEM """x\n', 'Modelfile:2: the quotes of SYSTEM are not closed'],
    ['FROM a\nYou are a pirate.', 'Modelfile:2: You is no instruction of a Modelfile'],
    ['FROM', 'Modelfile:1: FROM has no value'],
    ['PARAMETER num_ctx', 'Modelfile:1: PARAMETER num_ctx has no value'],
  ])('are refused with the line: %j', (text, message) => {
    expect(() => instructionsOf(text, 'Modelfile')).toThrow(message);
  });
});

describe('a value in a Modelfile', () => {
  it.each([
    ['0.3', '0.3'],
    ['<|im_end|>', '<|im_end|>'],
    ['###', '"###"'],
    [' a', '" a"'],
    ['a\nb', '"""a\nb"""'],
    ['"a"', '""a""'],
    ['a\n"b"', null],
    ['"', null],
  ])('%j is written as %j', (value, written) => {
    expect(quotedValue(value)).toBe(written);
  });

  it('is read as it was written', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('"', '\n', '#', ' ', 'a', 'é') }), (value) => {
        const written = quotedValue(value);
        if (written !== null) expect(values(`SYSTEM ${written}\nFROM a`)).toEqual([value, 'a']);
      }),
      { numRuns: 2_000 },
    );
  });
});
