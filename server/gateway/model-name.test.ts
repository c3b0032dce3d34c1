import { ApiError } from '@llamactl/contract/errors';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { modelOfJson, modelOfQuery } from './model-name.ts';

const bytes = (text: string): Buffer => Buffer.from(text);

function errorOf(body: Buffer): ApiError {
  try {
    modelOfJson(body);
  } catch (error) {
    if (error instanceof ApiError) return error;
    throw error;
  }
  throw new Error('no error');
}

test('finds the model wherever it stands in an object, and only there', () => {
  const other = fc.dictionary(
    fc.string().filter((key) => key !== 'model'),
    fc.jsonValue(),
  );
  fc.assert(
    fc.property(other, other, fc.string({ minLength: 1, unit: 'grapheme' }), (before, after, model) => {
      const entries = [...Object.entries(before), ['model', model] as const, ...Object.entries(after)];
      const text = `{${entries.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(',')}}`;
      expect(modelOfJson(bytes(text))).toBe(model);
    }),
    { examples: [[{ messages: [{ model: 'inner' }] }, { prompt: '"model":"quoted"' }, 'outer']] },
  );
});

test.each([
  ['the last of two wins, as in llama-server', '{"model":"a","model":"b"}', 'b'],
  ['an escaped key', String.raw`{"m\u006fdel":"a"}`, 'a'],
  ['a byte order mark', '\u{FEFF}{"model":"a"}', 'a'],
])('%s', (_title, text, model) => {
  expect(modelOfJson(bytes(text))).toBe(model);
});

test.each([
  ['{"prompt":"x"}', 'VALIDATION_ERROR'],
  ['{"model":""}', 'VALIDATION_ERROR'],
  ['{"model":null}', 'VALIDATION_ERROR'],
  ['{"model":7}', 'VALIDATION_ERROR'],
  ['{"model":["a"]}', 'VALIDATION_ERROR'],
  ['["model"]', 'VALIDATION_ERROR'],
  ['"model"', 'VALIDATION_ERROR'],
  ['null', 'VALIDATION_ERROR'],
  ['', 'VALIDATION_ERROR'],
  [' \n', 'VALIDATION_ERROR'],
  ['{"model":"a"', 'INVALID_JSON'],
  ['model=a', 'INVALID_JSON'],
])('%j is refused as %s, and told what would work', (text, code) => {
  const error = errorOf(bytes(text));
  expect(error).toMatchObject({ code, status: 400 });
  expect(error.message).toContain('?model=NAME');
});

test.each([
  ['/v1/x', null],
  ['/v1/x?y=1', null],
  ['/v1/x?model=a', 'a'],
  ['/v1/x?y=1&model=org%2Fa:q8', 'org/a:q8'],
  ['/v1/x?model=', ''],
])('the query of %s names %j', (url, model) => {
  expect(modelOfQuery(url)).toBe(model);
});
