import { ApiError } from '@llamactl/contract/errors';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { jsonBody, parseJsonBody, unsafeParts } from './json-body.ts';
import { atOnce } from '../../sliced-work.ts';
import { childPath } from './problems.ts';

vi.mock('./problems.ts', { spy: true });

function refusalOf(body: string | Buffer): ApiError {
  try {
    parseJsonBody(Buffer.from(body));
  } catch (error) {
    if (error instanceof ApiError) return error;
    throw error;
  }
  throw new Error('the body was taken');
}

/** Reads a fleet, each entry separately. */
const fleetOf = (text: string): unknown => atOnce(jsonBody(Buffer.from(text), 'list'));

function fleetRefusal(text: string): ApiError {
  try {
    fleetOf(text);
  } catch (error) {
    if (error instanceof ApiError) return error;
    throw error;
  }
  throw new Error('the body was taken');
}

/**
 * Whether a key needs no escape. `JSON.parse` of V8 13.6 may take an escaped key for another one that it read before at the
 * same place: after `{"x":[],"\\":{}}` it reads the key `"` of `{"x":[],"\"":{}}` as a backslash.
 */
const isPlain = (key: string): boolean => JSON.stringify(key).length === key.length + 2;
const hasPlainKeys = (value: unknown): boolean =>
  typeof value !== 'object' ||
  value === null ||
  Object.entries(value).every(([key, inner]) => isPlain(key) && hasPlainKeys(inner));

describe('reading a list entry by entry', () => {
  const text = fc.constantFrom('list', 'a', '"', '\\', '[', ']', '{', '}', ',', ':', '\\"', 'é');
  const { value: anything } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      text,
      fc.constantFrom<unknown>(0, -1.5e3, true, null),
      fc.array(tie('value'), { maxLength: 4 }),
      fc.dictionary(text.filter(isPlain), tie('value'), { maxKeys: 4 }),
    ),
  }));

  it('returns the same as JSON.parse', () => {
    fc.assert(
      fc.property(anything, fc.constantFrom(0, 2), (value, indent) => {
        const body = JSON.stringify(value, null, indent);
        expect(fleetOf(body)).toEqual(value);
      }),
    );
  });

  it('refuses the same as JSON.parse', () => {
    const broken = fc
      .tuple(anything, fc.nat(), fc.constantFrom('', '"', ',', '[', ']', '{', '}', ':', 'x'))
      .map(([value, at, put]) => {
        const body = JSON.stringify({ a: 1, list: [value, value] });
        const place = at % body.length;
        return body.slice(0, place) + put + body.slice(place + 1);
      });
    fc.assert(
      fc.property(broken, (body) => {
        let expected: unknown;
        try {
          expected = JSON.parse(body);
        } catch {
          expect(fleetRefusal(body).code).toBe('INVALID_JSON');
          return;
        }
        expect(fleetOf(body)).toEqual(expected);
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ['{"list":[1],"list":[2,3]}', 'list', 13],
    ['{"list":[1],"list":5}', 'list', 13],
    ['{"list":{},"list":[]}', 'list', 12],
    ['{"list":5,"list":[1]}', 'list', 11],
    ['{"list":[1],"list":[ ]}', 'list', 13],
    ['{"list":[1],"\\u006cist":[2]}', 'list', 13],
    ['{"li\\u0073t":[1],"list":[2]}', 'list', 18],
    ['{"a":1,"list":[],"\\u0061":2}', 'a', 18],
    ['{"a":1,"a":2}', 'a', 8],
  ])('refuses a name that is given twice: %s', (body, path, column) => {
    const { code, extras } = fleetRefusal(body);
    const problem = { path, message: `is given twice (line 1, column ${column})` };
    expect([code, extras.problems]).toEqual(['VALIDATION_ERROR', [problem]]);
  });

  it('finds the list by its name, however it is written', () => {
    expect(fleetOf('{"\\u006c\\u0069st": [1, "a\\\\", {"list": [2]}]}')).toEqual({ list: [1, 'a\\', { list: [2] }] });
  });

  it('takes as white space only the four characters of JSON', () => {
    const space = fc.constantFrom(
      '\u00a0',
      '\ufeff',
      '\u2028',
      '\u2029',
      '\v',
      '\f',
      '\u0000',
      '\u0001',
      ' ',
      '\t',
      '\n',
      '\r',
    );
    const tokens = fc.constantFrom<string[]>(
      ['{', '"list"', ':', '[', ']', '}'],
      ['{', '"list"', ':', '[', '1', ',', '{', '}', ']', '}'],
    );
    fc.assert(
      fc.property(tokens, fc.nat(), fc.string({ unit: space, minLength: 1 }), (each, at, put) => {
        const body = each.toSpliced(1 + (at % (each.length - 1)), 0, put).join('');
        let expected: unknown;
        try {
          expected = JSON.parse(body);
        } catch {
          expect(fleetRefusal(body).code).toBe('INVALID_JSON');
          expect(refusalOf(body).code).toBe('INVALID_JSON');
          return;
        }
        expect(fleetOf(body)).toEqual(expected);
        expect(parseJsonBody(Buffer.from(body))).toEqual(expected);
      }),
      { numRuns: 1_000 },
    );
  });

  it('pauses within long strings and white space, and before an error behind them', () => {
    for (const text of ['\n', '\\"', '\\\\', ' ']) {
      const long = text.startsWith('\\') ? `"${text.repeat(1_000_000)}"` : text.repeat(1_000_000);
      const steps = jsonBody(Buffer.from(`{"a":${long},"list":[x]}`), 'list');
      let pauses = 0;
      expect(() => {
        while (steps.next().done === false) pauses += 1;
      }).toThrow('not valid JSON');
      // The text is read twice: to count its values, and to find the error.
      expect(pauses).toBeGreaterThan(1_000_000 / 65_536 + 1_000_000 / 32_768);
    }
  });

  it('gives the position of an error in the whole text', () => {
    const { code, extras } = fleetRefusal('{"list": [\n  {"name": 1},\n  {"name": x}\n]}');
    expect([code, extras.details]).toEqual(['INVALID_JSON', 'line 3, column 12: a value is expected']);
    expect(fleetRefusal('{"list": [1, 2').extras.details).toContain('it ends too early');
  });

  it('allows each entry as many values as a body, and no more', () => {
    const full = `[${Array(5_000).fill(0).join(',')}]`;
    expect(fleetOf(`{"list":[${full},${full}]}`)).toMatchObject({ list: [{ length: 5_000 }, { length: 5_000 }] });
    const over = `[${Array(5_001).fill(0).join(',')}]`;
    expect(fleetRefusal(`{"list":[1,${over},${over}]}`).extras.problems).toEqual([
      { path: 'list[1]', message: 'must hold at most 5000 values' },
      { path: 'list[2]', message: 'must hold at most 5000 values' },
    ]);
    expect(fleetRefusal(`{"list":[${Array(5_001).fill(0).join(',')}]}`).extras.problems).toEqual([
      { path: 'list', message: 'must have at most 5000 entries' },
    ]);
    expect(fleetRefusal(`{"list":[],"list":[${full},1]}`).extras.problems).toEqual([
      { path: '', message: 'must hold at most 5000 values' },
    ]);
    expect(fleetRefusal(`{"list":[],"a":${over}}`).extras.problems).toEqual([
      { path: '', message: 'must hold at most 5000 values' },
    ]);
  });

  it('refuses forbidden values, with their paths', () => {
    const deep = '['.repeat(31) + ']'.repeat(31);
    expect(fleetRefusal(`{"list":[1,{"__proto__":1}]}`).extras.problems).toEqual([
      { path: 'list[1].__proto__', message: 'is not a possible name' },
    ]);
    expect(fleetRefusal(`{"list":[${deep}]}`).extras.problems?.[0]?.message).toContain('nested deeper');
    expect(fleetOf(`{"list":[${deep.slice(1, -1)}]}`)).toBeDefined();
  });
});

describe('reading a JSON body', () => {
  it('returns the same as JSON.parse', () => {
    fc.assert(
      fc.property(
        fc
          .jsonValue({ maxDepth: 5 })
          .filter((value) => hasPlainKeys(value) && !JSON.stringify(value).includes('__proto__')),
        (value) => {
          const text = JSON.stringify(value);
          expect(parseJsonBody(Buffer.from(text))).toEqual(JSON.parse(text));
        },
      ),
    );
  });

  it('treats no bytes as no body', () => expect(parseJsonBody(Buffer.alloc(0))).toBeUndefined());

  it('accepts a byte order mark', () => expect(parseJsonBody(Buffer.from('\uFEFF{"a":1}'))).toEqual({ a: 1 }));

  it('gives line and column of an error', () => {
    const refusal = refusalOf('{\n  "name": \'x\'\n}');
    expect(refusal.code).toBe('INVALID_JSON');
    expect(refusal.extras.details).toBe('line 2, column 11: a value is expected');
  });

  it('refuses bytes that are not UTF-8', () => {
    const refusal = refusalOf(Buffer.from([0x22, 0xff, 0x22]));
    expect(refusal.code).toBe('INVALID_JSON');
    expect(refusal.extras.details).toBe('it is not UTF-8 text');
  });

  it('refuses __proto__ at any depth, with its path', () => {
    const refusal = refusalOf('{"a":[{"__proto__":{}}],"__proto__":1}');
    expect(refusal.code).toBe('VALIDATION_ERROR');
    expect(refusal.extras.problems?.map(({ path }) => path).toSorted()).toEqual(['__proto__', 'a[0].__proto__']);
  });

  it('refuses half a surrogate pair, in names too', () => {
    expect(refusalOf('{"a":"\\ud800"}').extras.problems).toEqual([{ path: 'a', message: 'must be valid Unicode' }]);
    expect(refusalOf('{"\\udc00":1}').code).toBe('VALIDATION_ERROR');
    expect(parseJsonBody(Buffer.from('"\\ud83d\\ude00"'))).toBe('😀');
  });

  it('refuses deep nesting, however deep', () => {
    expect(parseJsonBody(Buffer.from('['.repeat(32) + ']'.repeat(32)))).toBeDefined();
    expect(refusalOf('['.repeat(34) + ']'.repeat(34)).code).toBe('VALIDATION_ERROR');
    expect(refusalOf('['.repeat(500_000) + ']'.repeat(500_000)).code).toBe('VALIDATION_ERROR');
    expect(refusalOf('['.repeat(5_000)).code).toBe('INVALID_JSON');
  });

  it('limits the number of problems', () => {
    const many = Object.fromEntries(Array.from({ length: 5_000 }, (_, index) => [`k${index}`, '\ud800']));
    expect(refusalOf(JSON.stringify(many)).extras.problems?.length).toBeLessThanOrEqual(100);
  });

  it.each([
    ['more values than any body may hold', `[${Array(5_001).fill(1).join(',')}]`],
    ['invalid JSON with that many values', '['.repeat(1_000_000)],
  ])('refuses %s, before they are created', (_, body) => {
    const parse = vi.spyOn(JSON, 'parse');
    expect(refusalOf(body).extras.problems).toEqual([{ path: '', message: 'must hold at most 5000 values' }]);
    expect(parse).not.toHaveBeenCalled();
    parse.mockRestore();
  });

  it.each([
    ['numbers', '1', 4_900],
    ['strings', '"a"', 4_900],
    ['empty lists', '[]', 4_900],
    ['objects', '{"a":{"b":null}}', 1_600],
  ])('creates no path for a list of %s, because callers without credentials can send it', (_, item, count) => {
    const body = `{"username":[${Array(count).fill(item).join(',')}],"password":"b"}`;
    vi.mocked(childPath).mockClear();
    expect(parseJsonBody(Buffer.from(body))).toEqual(JSON.parse(body));
    expect(childPath).not.toHaveBeenCalled();
  });

  it('creates as many paths as it finds problems', () => {
    vi.mocked(childPath).mockClear();
    const items = [...Array<number>(5_000).fill(1), '\ud800'];
    expect(unsafeParts({ a: items })).toEqual([{ path: 'a[5000]', message: 'must be valid Unicode' }]);
    // `a`, then `a[5000]`.
    expect(childPath).toHaveBeenCalledTimes(2);
  });

  it('finds every string and name that is not Unicode, with its path', () => {
    const text = fc.constantFrom('a', 'b.c', '\ud800', 'x\udc00', '😀');
    const { value: anything } = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 5 },
        text,
        fc.constantFrom<unknown>(0, true, null),
        fc.array(tie('value'), { maxLength: 4 }),
        fc.dictionary(text, tie('value'), { maxKeys: 4 }),
      ),
    }));
    fc.assert(
      fc.property(anything, (value) => {
        const found = unsafeParts(value).map(({ path, message }) => `${path} ${message}`);
        expect(found.toSorted()).toEqual([...expectedProblems(value, '')].toSorted());
      }),
    );
  });
});

/** A recursive implementation, which creates a path for every member. */
function* expectedProblems(value: unknown, path: string): Generator<string> {
  if (typeof value === 'string' && !value.isWellFormed()) yield `${path} must be valid Unicode`;
  if (typeof value !== 'object' || value === null) return;
  for (const [name, member] of Object.entries(value)) {
    const at = childPath(path, Array.isArray(value) ? Number(name) : name);
    if (name.isWellFormed()) yield* expectedProblems(member, at);
    else yield `${at} is not a possible name`;
  }
}
