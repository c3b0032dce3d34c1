import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseYamlBody } from './yaml-body.ts';
import { atOnce } from '../../sliced-work.ts';
import { yamlText, YamlLists } from './yaml-text.ts';

const SPECIAL = '\n \t\r#:-"\'\\~&*!|>%@`?{}[],<=\u0000\u0085\u2028\u2029\ufeff\u007f\u009f\u200da'.split('');
/** Strings that some readers take for other types. */
const AMBIGUOUS = ['no', 'Yes', 'on', '~', 'null', '', '0x10', '0o7', '1e3', '1_000', '12:30:45', '.inf', '2020-01-01'];
const MARKS = ['<<', '=', '---', '...', '- a', 'a: b', '# x', '*a', '&a b', '!!int 3', ' \n', 'a\n\n b\n'];

const text = fc.oneof(
  fc.string({ unit: 'binary' }).filter((each) => each.isWellFormed()),
  fc.string({ unit: fc.constantFrom(...SPECIAL) }),
  fc.constantFrom(...AMBIGUOUS, ...MARKS),
);
const scalar = fc.oneof(text, fc.double({ noNaN: true, noDefaultInfinity: true }), fc.integer(), fc.boolean());
const value = fc.dictionary(
  text.filter((name) => name !== '__proto__'),
  fc.oneof(scalar, fc.constant(null), fc.array(scalar), fc.dictionary(fc.constantFrom('a', 'B_1'), scalar)),
);

describe('a value as YAML', () => {
  it('reads back identically, in the same order', () => {
    fc.assert(
      fc.property(value, (each) => {
        const back = parseYamlBody(Buffer.from(yamlText(each, 'odd')));
        expect(JSON.stringify(back)).toBe(JSON.stringify(each));
      }),
      { numRuns: 2_000 },
    );
  });

  it('is the same text if a long list in it is written in slices', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(value, fc.array(scalar)), { maxLength: 4 }), (items) => {
        const lists = new YamlLists();
        const written = (): string => atOnce(lists.text({ version: 1 }, 'items', items, 'odd'));
        expect(written()).toBe(yamlText({ version: 1, items }, 'odd'));
        expect(written()).toBe(yamlText({ version: 1, items }, 'odd'));
      }),
      { numRuns: 500 },
    );
  });

  it('is written once for an item that is the same object', () => {
    const lists = new YamlLists();
    let read = 0;
    const item = {
      get name() {
        read += 1;
        return 'a';
      },
    };
    const written = (): string => atOnce(lists.text({}, 'items', [item], 'x'));
    const first = written();
    const reads = read;
    expect(written()).toBe(first);
    expect(read).toBe(reads);
  });

  it('escapes invisible characters', () => {
    const written = yamlText({ key: 'a\u2028b\u200bc\ufeffd\u{e0001}' }, 'x');
    expect(written).toBe('# x\nkey: "a\\u2028b\\u200bc\\ufeffd\\U000e0001"\n');
  });

  it('quotes strings that an older reader would misread', () => {
    expect(yamlText({ a: 'no', b: '1_000', c: 'chat', d: '12:30:45', e: '=' }, 'x')).toBe(
      '# x\na: "no"\nb: "1_000"\nc: chat\nd: "12:30:45"\ne: "="\n',
    );
  });

  it('keeps long lines whole and multi-line strings readable, and repeats values instead of using aliases', () => {
    const shared = { threads: 8 };
    const long = 'word '.repeat(60).trim();
    const written = yamlText({ one: shared, two: shared, long, template: 'first\n  second\n' }, 'x');
    expect(written).toBe(
      `# x\none:\n  threads: 8\ntwo:\n  threads: 8\nlong: ${long}\ntemplate: |\n  first\n    second\n`,
    );
  });
});
