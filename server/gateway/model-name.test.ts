import { ApiError } from '@llamactl/contract/errors';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { askedOfForm, askedOfJson, modelOfJson, modelOfQuery } from './model-name.ts';

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

/** Behind so much no body is given to `JSON.parse`. */
const LONG = JSON.stringify('x'.repeat(70_000));

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
      expect(modelOfJson(bytes(text.replace('{', `{"":${LONG},`)))).toBe(model);
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
  expect(modelOfJson(bytes(text.replace('}', `,"x":${LONG}}`)))).toBe(model);
});

test.each([
  ['{"model":"a"}', false],
  ['{"model":"a","stream":true}', true],
  ['{"model":"a","stream":true,"stream":false}', false],
  ['{"model":"a","stream":"true"}', false],
  ['{"model":"a","options":{"stream":true}}', false],
])('%s asks for a stream: %j', (text, isStream) => {
  expect(askedOfJson(bytes(text))).toEqual({ model: 'a', isStream });
  expect(askedOfJson(bytes(text.replace(/}$/, `,"x":${LONG}}`)))).toEqual({ model: 'a', isStream });
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
  [`{"x":${LONG}}`, 'VALIDATION_ERROR'],
  [`{"x":${LONG},"model":7}`, 'VALIDATION_ERROR'],
  [`{"x":${LONG},"model":{"a":"b"}}`, 'VALIDATION_ERROR'],
  [`{"x":${LONG},"model":"a"`, 'INVALID_JSON'],
  [`{"model":"a","x":${LONG.slice(0, -1)}`, 'INVALID_JSON'],
  [`{"model":"\\x","x":${LONG}}`, 'INVALID_JSON'],
])('a large body too is refused (%#)', (text, code) => {
  expect(errorOf(bytes(text))).toMatchObject({ code, status: 400 });
});

describe('a form', () => {
  const field = (name: string, value: string): string =>
    `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;

  test('names its model in a field, of several in the last', () => {
    expect(askedOfForm(bytes(`${field('model', 'a')}--b--`), 'b')).toEqual({ model: 'a', isStream: false });
    const fields = [field('model', 'a'), field('stream', 'True'), field('model', 'b')];
    expect(askedOfForm(bytes(`${fields.join('')}--b--`), 'b')).toEqual({ model: 'b', isStream: true });
  });

  test.each(['--b--', `${field('model', '')}--b--`, `${field('x', 'model')}--b--`, field('model', 'a'), 'x'])(
    'that names none, or breaks off, is told what would work: %j',
    (text) => {
      expect(() => askedOfForm(bytes(text), 'b')).toThrow(/\?model=NAME/);
    },
  );
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
