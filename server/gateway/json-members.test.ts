import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hasKey, keyOf, visitMembers } from './json-members.ts';

/** Keys and values as the members' places have them. */
function membersOf(text: string | Buffer): [string, unknown][] {
  const bytes = Buffer.from(text);
  const found: [string, unknown][] = [];
  visitMembers(bytes, (member) => {
    found.push([keyOf(bytes, member), JSON.parse(bytes.toString('utf8', member.valueStart, member.end))]);
  });
  return found;
}

/** Numbers below `limit` that look arbitrary and are the same for the same seed. */
function dice(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 16) % limit;
  };
}

/** JSON text of a value with spaces anywhere, and with characters escaped that need not be. */
function written(value: unknown, seed: number): string {
  const roll = dice(seed);
  const gap = (): string => ['', '', '', ' ', '\n', '\r\n\t'][roll(6)] ?? '';
  const escaped = (text: string): string =>
    text
      .split('')
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .join('');
  const quoted = (text: string): string =>
    JSON.stringify(text).replaceAll(/\\.|[^"\\]/gu, (whole) =>
      whole.startsWith('\\') || roll(2) === 0 ? whole : escaped(whole),
    );
  const write = (each: unknown): string => {
    if (typeof each === 'string') return quoted(each);
    if (Array.isArray(each)) return `[${gap()}${each.map(write).join(`${gap()},${gap()}`)}${gap()}]`;
    if (typeof each !== 'object' || each === null) return JSON.stringify(each);
    const members = Object.entries(each).map(([key, member]) => `${quoted(key)}${gap()}:${gap()}${write(member)}`);
    return `{${gap()}${members.join(`${gap()},${gap()}`)}${gap()}}`;
  };
  return gap() + write(value) + gap();
}

/** Texts that are full of what a scanner may take for structure. */
const tricky = fc.string({
  unit: fc.constantFrom('"', '\\', '{', '}', '[', ']', ',', ':', 'u', '\n', 'é', '\u{1F600}', 'x'.repeat(60)),
});
/** For keys inside of values, which `JSON.parse` reads here: V8 13.6 may take `\"\"` for a key `\"` that it has seen before. */
const withoutBackslash = tricky.map((text) => text.replaceAll('\\', ''));
const { json } = fc.letrec<{ json: unknown }>((tie) => ({
  json: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom(null, true, false, 0, -0.5, 1e300, 12_345_678),
    tricky,
    fc.array(tie('json'), { maxLength: 4 }),
    fc.dictionary(withoutBackslash, tie('json'), { maxKeys: 4 }),
  ),
}));
const object = fc.dictionary(fc.oneof(tricky, fc.constantFrom('model', 'stream')), json, { maxKeys: 6 });
const text = fc.tuple(object, fc.nat()).map(([value, seed]) => ({ value, json: written(value, seed) }));

describe('the members of an object', () => {
  test('are those that JSON.parse finds, in their order', () => {
    fc.assert(
      fc.property(text, ({ value, json }) => {
        expect(membersOf(json)).toEqual(Object.entries(value));
      }),
      { numRuns: 500 },
    );
  });

  test('are found behind a byte order mark', () => {
    expect(membersOf('\u{FEFF}{"a":1}')).toEqual([['a', 1]]);
  });

  test('are told as often as they occur', () => {
    expect(membersOf('{"a":1,"a":2}')).toEqual([
      ['a', 1],
      ['a', 2],
    ]);
  });

  test('keep long strings with backslashes before their quotes', () => {
    for (let count = 0; count < 5; count += 1) {
      const value = `${'x'.repeat(100)}${'\\'.repeat(count)}"${'y'.repeat(100)}${'\\'.repeat(count)}`;
      expect(membersOf(JSON.stringify({ value, model: 'm' }))).toEqual([
        ['value', value],
        ['model', 'm'],
      ]);
    }
  });
});

describe('a text is refused', () => {
  test('wherever it breaks off', () => {
    fc.assert(
      fc.property(text, fc.nat(), ({ json }, at) => {
        const bytes = Buffer.from(json.trim());
        expect(() => membersOf(bytes.subarray(0, at % bytes.length))).toThrow(SyntaxError);
      }),
      { numRuns: 500 },
    );
  });

  test.each([
    '',
    ' ',
    '[]',
    '"model"',
    'null',
    '{',
    '{}}',
    '{} x',
    '{"a":1,}',
    '{,"a":1}',
    '{"a"}',
    '{"a":}',
    '{"a" 1}',
    '{"a":1 "b":2}',
    '{a:1}',
    '{"a":tru}',
    '{"a":01}',
    '{"a":1.}',
    '{"a":--1}',
    '{"a":"x}',
    '{"a":"x\\"}',
    '{"a":[1,{"b":2}',
  ])('%j', (json) => {
    expect(() => JSON.parse(json === '[]' || json === '"model"' || json === 'null' ? '{' : json) as unknown).toThrow(
      SyntaxError,
    );
    expect(() => membersOf(json)).toThrow(SyntaxError);
  });
});

test('a key is known in every spelling', () => {
  const keyIs = (json: string): boolean[] => {
    const bytes = Buffer.from(json);
    const found: boolean[] = [];
    visitMembers(bytes, (member) => void found.push(hasKey(bytes, member, 'model')));
    return found;
  };
  expect(keyIs(String.raw`{"model":1,"m\u006fdel":1,"\u006d\u006f\u0064\u0065\u006c":1}`)).toEqual([true, true, true]);
  expect(keyIs(String.raw`{"Model":1,"modell":1,"mode":1,"m\u006fdels":1,"mod\\el":1,"":1}`)).not.toContain(true);
});
