import type { Operation } from '@llamactl/contract/operation';
import { OPERATIONS } from '@llamactl/contract/operations';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { errorOf, testServer } from '../testing/http-harness.ts';

const operations = Object.values<Operation>(OPERATIONS);

/** All known keys of all bodies, so that fuzzing gets past the first "is not known". */
const knownKeys = [
  ...new Set(
    operations.flatMap(({ body }) => (body?.schema instanceof z.ZodObject ? Object.keys(body.schema.shape) : [])),
  ),
];
const trickyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom(
    '',
    '\0',
    '\ud800',
    '__proto__',
    'constructor',
    '..',
    '../..',
    '%2f',
    '***',
    'null',
    'x'.repeat(5_000),
    'ﷺ',
    '1e999',
  ),
);
const anyValue = fc.oneof(
  trickyText,
  fc.constantFrom(
    null,
    true,
    false,
    0,
    -1,
    -0,
    1.5,
    1e308,
    Number.MAX_SAFE_INTEGER,
    2 ** 53,
    [],
    {},
    [[]],
    [null],
    65_536,
  ),
  fc.jsonValue({ maxDepth: 3 }),
);
const anyBody = fc.oneof(
  fc.dictionary(fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...knownKeys) }, trickyText), anyValue),
  anyValue,
);
const anyPath = fc.oneof(
  fc.constantFrom(
    'x',
    'start-all',
    '.',
    '..',
    '%2e%2e',
    '%2f',
    '%00',
    '%zz',
    '%c3%28',
    '%ff',
    'a b',
    '',
    '*',
    ':name',
    'x'.repeat(5_000),
    '%E2%82%AC',
  ),
  fc.webSegment(),
);
const anyQuery = fc.oneof(
  fc.constantFrom(
    '',
    '?',
    '?wait=true',
    '?wait=',
    '?wait',
    '?wait=true&wait=true',
    '?__proto__=1',
    '?status[]=x',
    '?%zz',
    '?=',
    '?&&',
    '?status=%00',
    '?apply=restart',
  ),
  fc.webQueryParameters().map((query) => `?${query}`),
);
const anyType = fc.constantFrom(
  'application/json',
  'application/merge-patch+json',
  'text/plain',
  '',
  'application/json; charset=x',
  ';',
  'a/b',
);

/** The log-ins of browsers need it. */
const OWN_ORIGIN = 'http://localhost:8080';

describe('any request', () => {
  it('of any operation gets an answer in the contract’s format, and no internal error', async () => {
    const test = testServer();
    await test.manager.create({ name: 'x' });
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...operations),
        anyPath,
        anyQuery,
        anyBody,
        anyType,
        async (operation, name, query, body, type) => {
          const answer = await test.inject({
            method: operation.method,
            url: operation.path.replace(/\{\w+\}/, name) + query,
            // A wait would never end.
            headers: {
              accept: 'application/json',
              origin: OWN_ORIGIN,
              ...(query.includes('wait=true')
                ? { 'content-type': 'text/odd' }
                : type === ''
                  ? {}
                  : { 'content-type': type }),
            },
            ...(operation.method === 'GET' ? {} : { payload: JSON.stringify(body) ?? 'undefined' }),
          });
          expect(answer.statusCode).toBeLessThan(500);
          expect(answer.headers['x-request-id']).toBeTruthy();
          if (answer.statusCode >= 400) expect(errorOf(answer.body).request_id).toBe(answer.headers['x-request-id']);
          else if (answer.body !== '' && operation.text === undefined) {
            expect(() => JSON.parse(answer.body) as unknown).not.toThrow();
          }
        },
      ),
      { numRuns: 1_500 },
    );
    expect(test.log.filter(({ level }) => Number(level) >= 40)).toEqual([]);
  });

  it('with any bytes as its body gets an answer', async () => {
    const test = testServer();
    const headers = { 'content-type': 'application/json' };
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array)),
      fc.json().map((text) => Buffer.from(text.slice(0, -1))),
      fc
        .constantFrom(
          '\uFEFF{}',
          '{"name":"a","name":"b"}',
          '{"a":1e999}',
          '[]]',
          'NaN',
          "{'a':1}",
          '{"__proto__":{"name":"x"}}',
        )
        .map((text) => Buffer.from(text)),
    );
    await fc.assert(
      fc.asyncProperty(bytes, async (payload) => {
        const answer = await test.inject({ method: 'POST', url: '/api/instances', headers, payload });
        expect(answer.statusCode).toBeLessThan(500);
        if (answer.statusCode >= 400) errorOf(answer.body);
      }),
      { numRuns: 500 },
    );
  });

  it('names every field with a value of the wrong type', async () => {
    const test = testServer();
    for (const { id, method, path, body } of operations) {
      if (!(body?.schema instanceof z.ZodObject)) continue;
      for (const [key, schema] of Object.entries(body.schema.shape)) {
        // A number is invalid where any object is allowed.
        const wrong = { not: { this: 1 } };
        const payload = { [key]: (schema as z.ZodType).safeParse(wrong).success ? 1 : wrong };
        const headers = { origin: OWN_ORIGIN };
        const answer = await test.inject({ method, url: path.replace(/\{\w+\}/, 'x'), headers, payload });
        expect(answer.statusCode, `${id} ${key}`).toBe(400);
        const paths = errorOf(answer.body).errors?.map((problem) => problem.path) ?? [];
        expect(
          paths.some((each) => each === key || each.startsWith(`${key}.`)),
          `${id} ${key}: ${paths.join()}`,
        ).toBe(true);
      }
    }
    expect(test.manager.calls).toEqual([]);
  });
});
