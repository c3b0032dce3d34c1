import fc from 'fast-check';
import { ApiError } from '@llamactl/contract/errors';
import { describe, expect, test } from 'vitest';
import { HeldBody } from './held-body.ts';
import { membersOf } from './json-members.ts';
import { FormScanner } from './multipart.ts';
import {
  formFault,
  jsonFaults,
  LARGEST_PARSED,
  modelOfQuery,
  readFields,
  readMembers,
  readShortJson,
  type RequestedModel,
} from './route.ts';

const bytes = (text: string): Buffer => Buffer.from(text);

function readJson(json: Buffer): RequestedModel {
  const body = HeldBody.of([json]);
  if (json.length <= LARGEST_PARSED) return readShortJson(body);
  return jsonFaults(() => readMembers(body, membersOf(body)));
}

function modelOfJson(json: Buffer): string {
  return readJson(json).model;
}

function readForm(form: Buffer, boundary: string): RequestedModel {
  try {
    const scanner = new FormScanner(boundary);
    scanner.push(form);
    return readFields(HeldBody.of([form]), scanner.finish());
  } catch (error) {
    throw formFault(error);
  }
}

function errorOf(body: Buffer): ApiError {
  try {
    modelOfJson(body);
  } catch (error) {
    if (error instanceof ApiError) return error;
    throw error;
  }
  throw new Error('no error');
}

/** Makes a body too long for `JSON.parse`. */
const LONG = JSON.stringify('x'.repeat(70_000));

test('finds the model at any position in the object, but not in nested values', () => {
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
])('%s requests a stream: %j', (text, isStream) => {
  expect(readJson(bytes(text))).toEqual({ model: 'a', isStream });
  expect(readJson(bytes(text.replace(/}$/, `,"x":${LONG}}`)))).toEqual({ model: 'a', isStream });
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
])('%j is refused as %s, with a hint how to name the model', (text, code) => {
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
])('an invalid large body is refused (%#)', (text, code) => {
  expect(errorOf(bytes(text))).toMatchObject({ code, status: 400 });
});

describe('a large body', () => {
  test('with too many members gets a hint to name the model in the URL', () => {
    const error = errorOf(bytes(`{${'"":0,'.repeat(20_000)}"model":"a"}`));
    expect(error).toMatchObject({ code: 'VALIDATION_ERROR', status: 400 });
    expect(error.message).toContain('?model=');
  });

  test.each([
    ['of 10 MB', 'x'.repeat(10_000_000)],
    ['with a bad escape', `${'x'.repeat(70_000)}\\x`],
  ])('with a name %s is refused with 404 without decoding the name', (_title, name) => {
    const error = errorOf(bytes(`{"model":"${name}"}`));
    expect(error).toMatchObject({ code: 'INSTANCE_NOT_FOUND', status: 404 });
    expect(error.message.length).toBeLessThan(500);
  });

  test('may name its model by the longest alias in any spelling', () => {
    const name = '\u{1F600}'.repeat(100);
    const escaped = name
      .split('')
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16)}`)
      .join('');
    expect(modelOfJson(bytes(`{"model":"${escaped}","x":${LONG}}`))).toBe(name);
  });

  test('is not refused for an invalid value of `stream`, which the engine checks', () => {
    const text = `{"model":"a","stream":"\\x","x":${LONG}}`;
    expect(readJson(bytes(text))).toEqual({ model: 'a', isStream: false });
  });
});

describe('a form', () => {
  test('with a too long name is refused as an unknown model', () => {
    const text = `${field('model', 'x'.repeat(10_000))}--b--`;
    expect(() => readForm(bytes(text), 'b')).toThrow(expect.objectContaining({ code: 'INSTANCE_NOT_FOUND' }));
  });

  const field = (name: string, value: string): string =>
    `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;

  test('names its model in the last field `model`', () => {
    expect(readForm(bytes(`${field('model', 'a')}--b--`), 'b')).toEqual({ model: 'a', isStream: false });
    const fields = [field('model', 'a'), field('stream', 'True'), field('model', 'b')];
    expect(readForm(bytes(`${fields.join('')}--b--`), 'b')).toEqual({ model: 'b', isStream: true });
  });

  test.each(['--b--', `${field('model', '')}--b--`, `${field('x', 'model')}--b--`, field('model', 'a'), 'x'])(
    'that names no model, or is incomplete, gets a hint: %j',
    (text) => {
      expect(() => readForm(bytes(text), 'b')).toThrow(/\?model=NAME/);
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
