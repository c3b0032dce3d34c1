import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HeldBody } from './held-body.ts';
import { keyOf, type Members, MemberScanner, membersOf as membersOfBody, MOST_MEMBERS } from './json-members.ts';

/** Returns the keys and values at the positions of the members. */
function membersOf(text: string | Buffer): [string, unknown][] {
  const body = HeldBody.of([Buffer.from(text)]);
  return membersOfBody(body).list.map((member) => [
    keyOf(body, member, Infinity) ?? expect.fail('a key that cannot be decoded'),
    JSON.parse(body.text(member.valueStart, member.end)),
  ]);
}

/** Scans bytes in pieces of these lengths, used in turn. */
function scanned(bytes: Buffer, lengths: readonly number[]): Members | string {
  const scanner = new MemberScanner();
  try {
    for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
      const next = at + (lengths[turn % lengths.length] ?? 1);
      scanner.push(bytes.subarray(at, next));
      at = next;
    }
    return scanner.finish();
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof RangeError) return error.message;
    throw error;
  }
}

/** Returns a generator of pseudo-random numbers below `limit`, which are the same for the same seed. */
function dice(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 16) % limit;
  };
}

/** Writes a value as JSON with arbitrary spaces and unnecessary escapes. */
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
  // Keys inside values have no escapes: see `withoutEscapes`.
  const write = (each: unknown, writeKey = quoted): string => {
    if (typeof each === 'string') return quoted(each);
    const inner = (one: unknown): string => write(one, JSON.stringify);
    if (Array.isArray(each)) return `[${gap()}${each.map(inner).join(`${gap()},${gap()}`)}${gap()}]`;
    if (typeof each !== 'object' || each === null) return JSON.stringify(each);
    const members = Object.entries(each).map(([key, member]) => `${writeKey(key)}${gap()}:${gap()}${inner(member)}`);
    return `{${gap()}${members.join(`${gap()},${gap()}`)}${gap()}}`;
  };
  return gap() + write(value) + gap();
}

/** Strings full of characters that a scanner may mistake for structure. */
const tricky = fc.string({
  unit: fc.constantFrom('"', '\\', '{', '}', '[', ']', ',', ':', 'u', '\n', 'é', '\u{1F600}', 'x'.repeat(60)),
});
/**
 * Keys inside values, which `JSON.parse` reads here. V8 13.6 may mistake an escaped key for one that it read before,
 * even in another text: `\"` for `\\`.
 */
const withoutEscapes = tricky.map((text) => text.replaceAll(/["\\\n]/g, ''));
const { json } = fc.letrec<{ json: unknown }>((tie) => ({
  json: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom(null, true, false, 0, -0.5, 1e300, 12_345_678),
    tricky,
    fc.array(tie('json'), { maxLength: 4 }),
    fc.dictionary(withoutEscapes, tie('json'), { maxKeys: 4 }),
  ),
}));
const object = fc.dictionary(fc.oneof(tricky, fc.constantFrom('model', 'stream')), json, { maxKeys: 6 });
const text = fc.tuple(object, fc.nat()).map(([value, seed]) => ({ value, json: written(value, seed) }));

describe('the members of an object', () => {
  test('are the ones that JSON.parse finds, in order', () => {
    fc.assert(
      fc.property(text, ({ value, json }) => {
        expect(membersOf(json)).toEqual(Object.entries(value));
      }),
      { numRuns: 500 },
    );
  });

  test('are found after a byte order mark', () => {
    expect(membersOf('\u{FEFF}{"a":1}')).toEqual([['a', 1]]);
  });

  test('include duplicates', () => {
    expect(membersOf('{"a":1,"a":2}')).toEqual([
      ['a', 1],
      ['a', 2],
    ]);
  });

  test('may have long strings with backslashes before quotes', () => {
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
  test('if it is cut off anywhere', () => {
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

test('a key is decoded from every spelling', () => {
  const keyIs = (json: string): boolean[] => {
    const body = HeldBody.of([Buffer.from(json)]);
    return membersOfBody(body).list.map((member) => keyOf(body, member, 5) === 'model');
  };
  expect(keyIs(String.raw`{"model":1,"m\u006fdel":1,"\u006d\u006f\u0064\u0065\u006c":1}`)).toEqual([true, true, true]);
  expect(keyIs(String.raw`{"Model":1,"modell":1,"mode":1,"m\u006fdels":1,"mod\\el":1,"":1}`)).not.toContain(true);
});

test('a key that cannot be decoded, or is too long, is null', () => {
  const body = HeldBody.of([Buffer.from(String.raw`{"m\xodel":1,"${'m'.repeat(1_000_000)}":1}`)]);
  expect(membersOfBody(body).list.map((member) => keyOf(body, member, 5))).toEqual([null, null]);
});

describe('bytes that arrive in pieces', () => {
  const lengths = fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 5 });
  /** JSON with one replaced byte. */
  const broken = fc
    .tuple(text, fc.nat(), fc.constantFrom('"', '\\', '{', '}', ',', ':', '1', ' '))
    .map(([{ json }, at, byte]) => {
      const bytes = Buffer.from(json);
      bytes.write(byte, at % bytes.length);
      return bytes;
    });

  test('give the same members as the whole', () => {
    fc.assert(
      fc.property(text, lengths, ({ json }, cuts) => {
        const bytes = Buffer.from(json);
        expect(scanned(bytes, cuts)).toEqual(scanned(bytes, [bytes.length]));
      }),
      { numRuns: 1_000 },
    );
  });

  test('give the same error as the whole', () => {
    fc.assert(
      fc.property(broken, lengths, (bytes, cuts) => {
        expect(scanned(bytes, cuts)).toEqual(scanned(bytes, [bytes.length]));
      }),
      { numRuns: 1_000 },
    );
  });

  test('may split a byte order mark, a number or an escape', () => {
    const bytes = Buffer.from('\u{FEFF} {"a":-1.5e+3,"b":"\\\\\\"" ,"c":[true,"]"]}');
    expect(scanned(bytes, [1])).toEqual(scanned(bytes, [bytes.length]));
    expect(scanned(Buffer.from('\u{FEFF}{}').subarray(1), [1])).toBe('the text is not an object');
  });
});

test('an object has a bounded number of members', () => {
  const object = (count: number): string => `{${Array.from({ length: count }, () => '"":0').join(',')}}`;
  expect(membersOf(object(MOST_MEMBERS))).toHaveLength(MOST_MEMBERS);
  expect(() => membersOf(object(MOST_MEMBERS + 1))).toThrow(RangeError);
});

test.each(['0', '-0', '-1.5E-7', '10', '0e1', 'true', 'null', '1'.repeat(100_000)])('%s is a value', (value) => {
  expect(membersOf(`{"a":${value}}`)).toEqual([['a', JSON.parse(value)]]);
});

test.each(['-', '+1', '.5', '1.', '1.e3', '1e', '1e+', '00', '1a', 'truee', 'nul', 'True', '1 2', 'x'])(
  '%s is not a value',
  (value) => {
    expect(() => membersOf(`{"a":${value}}`)).toThrow(SyntaxError);
  },
);

test('a key is decoded exactly if JSON.parse decodes it', () => {
  const part = fc.oneof(
    fc.constantFrom('\\"', '\\\\', '\\/', '\\n', '\\q', '\\u0041', '\\u00', '\\U0041', '\u0001', 'é'),
    fc.string({ minLength: 1, maxLength: 3 }).map((text) => text.replaceAll('"', '')),
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 6 }), (parts) => {
      // The leading escape makes `keyOf` decode the key.
      const text = `"\\n${parts.join('')}"`;
      const body = HeldBody.of([Buffer.from(text)]);
      let expected: string | null;
      try {
        expected = JSON.parse(text) as string;
      } catch {
        expected = null;
      }
      const { byteLength: keyEnd } = body;
      const found = keyOf(body, { start: 0, keyEnd, valueStart: 0, end: 0 }, Infinity);
      expect(found).toBe(expected);
    }),
  );
});
