import { ApiError } from '@llamactl/contract/errors';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseJsonBody } from './json-body.ts';

function refusalOf(body: string | Buffer): ApiError {
  try {
    parseJsonBody(Buffer.from(body));
  } catch (error) {
    if (error instanceof ApiError) return error;
    throw error;
  }
  throw new Error('the body was taken');
}

describe('reading a body of JSON', () => {
  it('gives what JSON.parse gives', () => {
    fc.assert(
      fc.property(
        fc.jsonValue({ maxDepth: 5 }).filter((value) => !JSON.stringify(value).includes('__proto__')),
        (value) => {
          const text = JSON.stringify(value);
          expect(parseJsonBody(Buffer.from(text))).toEqual(JSON.parse(text));
        },
      ),
    );
  });

  it('takes no bytes for no body', () => expect(parseJsonBody(Buffer.alloc(0))).toBeUndefined());

  it('takes a byte order mark', () => expect(parseJsonBody(Buffer.from('\uFEFF{"a":1}'))).toEqual({ a: 1 }));

  it('tells line and column of a fault', () => {
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
    expect(refusalOf('['.repeat(1_000_000)).code).toBe('INVALID_JSON');
  });

  it('lists no more problems than a person reads', () => {
    const many = Object.fromEntries(Array.from({ length: 5_000 }, (_, index) => [`k${index}`, '\ud800']));
    expect(refusalOf(JSON.stringify(many)).extras.problems?.length).toBeLessThanOrEqual(100);
  });
});
