import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../instances/ports/instance-record.ts';
import { HeldBody } from './held-body.ts';
import { membersOf as membersOfBody } from './json-members.ts';
import { FormScanner } from './multipart.ts';
import { rewriteForm, rewriteJson, rewriteQuery, rewritten, type Rewriting } from './rewriting.ts';

/** Returns a body in pieces of this length. */
function bodyOf(bytes: Buffer, length = 7): HeldBody {
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += length) pieces.push(Buffer.from(bytes.subarray(at, at + length)));
  return HeldBody.of(pieces);
}

const bytesOf = ({ pieces }: HeldBody): Buffer => Buffer.concat(pieces);

function json(text: string, wanted: Rewriting): string {
  const [whole, inPieces] = [Infinity, 7].map((length) => {
    const body = bodyOf(Buffer.from(text), length);
    const result = rewriteJson(body, membersOfBody(body), wanted);
    expect(result.byteLength).toBe(bytesOf(result).length);
    return bytesOf(result).toString();
  });
  expect(inPieces).toBe(whole);
  return whole ?? '';
}

const keys = fc.constantFrom('model', 'a', 'b', 'temperature', 'é"\\', '__proto__', '');
const values = fc.jsonValue({ maxDepth: 2 });
const bodies = fc.uniqueArray(fc.tuple(keys, values), { selector: ([key]) => key, maxLength: 6 });
const rewritings: fc.Arbitrary<Rewriting> = fc.record(
  {
    upstream_model: fc.string({ minLength: 1, unit: 'grapheme' }),
    request_defaults: fc
      .uniqueArray(fc.tuple(keys, values), { selector: ([key]) => key, maxLength: 4 })
      .map((list) => Object.fromEntries(list) as JsonObject),
    request_strip: fc.array(keys, { maxLength: 4 }),
  },
  { requiredKeys: [] },
);

/** Computes the members of the rewritten body from values instead of bytes. */
function expected(members: readonly [string, unknown][], wanted: Rewriting): [string, unknown][] {
  const { upstream_model: model, request_defaults: defaults = {}, request_strip: strip = [] } = wanted;
  const kept = members
    .filter(([key]) => (key === 'model' && model !== undefined) || !strip.includes(key))
    .map(([key, value]) => [key, key === 'model' ? (model ?? value) : value] as [string, unknown]);
  const added = Object.entries(defaults).filter(([key]) => !kept.some(([each]) => each === key));
  return [...kept, ...added];
}

/** Returns the members in order, including `__proto__`. */
function membersOf(text: string): [string, unknown][] {
  const entries: [string, unknown][] = [];
  for (const [key, value] of Object.entries(JSON.parse(text) as object)) entries.push([key, value]);
  return entries;
}

describe('a JSON body', () => {
  test('is rewritten as configured, and stays JSON', () => {
    fc.assert(
      fc.property(bodies, rewritings, fc.constantFrom('', ' ', '\n\t'), (members, wanted, gap) => {
        const text = members.map(([key, value]) => `${JSON.stringify(key)}${gap}:${gap}${JSON.stringify(value)}`);
        const result = json(`${gap}{${gap}${text.join(`${gap},${gap}`)}${gap}}${gap}`, wanted);
        // Compare as text, where -0 and 0 are equal.
        expect(JSON.stringify(membersOf(result))).toBe(JSON.stringify(expected(members, wanted)));
      }),
      { numRuns: 1_000 },
    );
  });

  test('keeps every other byte: big integers, forms of numbers, escapes, order, spaces', () => {
    const body = '\u{FEFF}{ "n" : 12345678901234567890.10 ,\n "model":"a" , "s":"\\u00e9\\/é", "e":1E+2 }\r\n';
    expect(json(body, { upstream_model: 'b' })).toBe(body.replace('"a"', '"b"'));
    expect(json(body, { request_strip: ['none'], request_defaults: { n: 1 } })).toBe(body);
    expect(json(body, { request_strip: ['s'] })).toBe(body.replace(' "s":"\\u00e9\\/é",', ''));
    expect(json(body, { request_defaults: { top_k: 40 } })).toBe(body.replace('1E+2', '1E+2,"top_k":40'));
  });

  test.each([
    ['{"model":"a","model":"b"}', { upstream_model: 'c' }, '{"model":"c","model":"c"}'],
    [String.raw`{"m\u006fdel":"a"}`, { upstream_model: 'c' }, String.raw`{"m\u006fdel":"c"}`],
    ['{"x":{"model":"a"},"y":"\\"model\\":1"}', { upstream_model: 'c' }, '{"x":{"model":"a"},"y":"\\"model\\":1"}'],
    ['{"a":1,"b":2,"a":3}', { request_strip: ['a'] }, '{"b":2}'],
    ['{"a":1,"b":2,"c":3}', { request_strip: ['b', 'c'] }, '{"a":1}'],
    ['{"a":1,"b":2,"c":3,"d":4}', { request_strip: ['b', 'd'] }, '{"a":1,"c":3}'],
    ['{ "a":1 }', { request_strip: ['a'] }, '{  }'],
    ['{}', { request_defaults: { a: 1 } }, '{"a":1}'],
    ['{ "a":1 }', { request_strip: ['a'], request_defaults: { a: 2 } }, '{ "a":2 }'],
    ['{"a":null}', { request_defaults: { a: 2 } }, '{"a":null}'],
    ['{"model":"a"}', { request_strip: ['model'] }, '{}'],
    ['{"model":"a"}', { request_strip: ['model'], upstream_model: 'b' }, '{"model":"b"}'],
  ])('%s with %j becomes %s', (body, wanted, result) => {
    expect(json(body, wanted)).toBe(result);
  });
});

describe('a form', () => {
  const form = (model: string): Buffer =>
    Buffer.from(
      [
        '--b\r\nContent-Disposition: form-data; name="file"; filename="model"\r\n\r\n\u00ff\0model\r\n',
        `--b\r\nContent-Disposition: form-data; name="model"\r\n\r\n${model}\r\n--b--\r\n`,
      ].join(''),
      'latin1',
    );

  test('gets the other model, and is otherwise unchanged', () => {
    for (const length of [Infinity, 9]) {
      const body = bodyOf(form('a'), length);
      const scanner = new FormScanner('b');
      for (const piece of body.pieces) scanner.push(piece);
      const result = rewriteForm(body, scanner.finish(), 'another/one');
      expect(bytesOf(result)).toEqual(form('another/one'));
    }
  });
});

test.each([
  ['/v1/x?model=a', '/v1/x?model=org%2Fm'],
  ['/v1/x?y=%20&model=a+b&model=c&z', '/v1/x?y=%20&model=org%2Fm&model=org%2Fm&z'],
  ['/v1/x?m%6fdel=a#model=b', '/v1/x?model=org%2Fm#model=b'],
  ['/v1/x?xmodel=a&y=model', '/v1/x?xmodel=a&y=model'],
  ['/v1/model', '/v1/model'],
])('the query of %s becomes %s', (path, result) => {
  expect(rewriteQuery(path, 'org/m')).toBe(result);
});

describe('a request', () => {
  const message = { path: '/v1/x?model=a', body: HeldBody.of([Buffer.from('{"model":"a"}')]) };
  const source = { kind: 'json', members: null } as const;

  test('is unchanged when the instance rewrites nothing', () => {
    for (const each of [{ kind: 'query' }, source, { kind: 'form', fields: [] }] as const) {
      expect(rewritten(message, each, { request_strip: [], request_defaults: {} })).toBe(message);
    }
  });

  test('is rewritten only at the place that names its model', () => {
    const wanted: Rewriting = { upstream_model: 'b', request_defaults: { x: 1 } };
    expect(rewritten({ ...message, body: null }, { kind: 'query' }, wanted)).toEqual({
      path: '/v1/x?model=b',
      body: null,
    });
    const { path, body } = rewritten(message, source, wanted);
    expect([path, body === null ? null : bytesOf(body).toString()]).toEqual([message.path, '{"model":"b","x":1}']);
  });
});

test('a body that repeats its keys very often is refused, because each edit makes it longer', () => {
  const body = bodyOf(Buffer.from(`{${'"model":"a",'.repeat(1_000)}"x":1}`), Infinity);
  const wanted: Rewriting = { upstream_model: 'x'.repeat(4_000) };
  expect(() => rewritten({ path: '/v1/x', body }, { kind: 'json', members: null }, wanted)).toThrow(
    expect.objectContaining({ code: 'VALIDATION_ERROR' }),
  );
  const fields = Array.from({ length: 1_000 }, () => ({ name: 'model', start: 0, end: 0 }));
  expect(() => rewriteForm(body, fields, 'x')).toThrow(expect.objectContaining({ code: 'VALIDATION_ERROR' }));
});
