import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fault, YamlLines } from './yaml-fault.ts';

describe('the place of a fault in a YAML text', () => {
  it('counts lines and columns from 1', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('', 'a', 'b\r', 'cd')),
        fc.nat({ max: 3_000 }),
        fc.nat(),
        (some, more, at) => {
          const text = [...some, ...Array<string>(more).fill('x'), ...some].join('\n');
          const lines = new YamlLines(text);
          for (const { index } of text.matchAll(/\n/g)) lines.add(index + 1);
          const offset = at % (text.length + 1);
          const above = text.slice(0, offset).split('\n');
          expect(lines.place(offset)).toBe(`line ${above.length}, column ${(above.at(-1) ?? '').length + 1}`);
        },
      ),
    );
  });
});

describe('a fault', () => {
  it('has a message of at most 200 characters, and no half of a character', () => {
    const { details, problems } = fault(`${'x'.repeat(199)}😀`, 'short').extras;
    expect(problems?.map(({ message }) => message)).toEqual([`${'x'.repeat(199)}\ufffd…`, 'short']);
    expect(details).toBe(`${'x'.repeat(199)}\ufffd…; short`);
  });
});
