import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { boundaryOf, type FormField, FormScanner } from './multipart.ts';

/** Returns the names and values of a form's fields. */
function fieldsOf(body: string | Buffer, boundary: string): [string, string][] {
  const bytes = Buffer.from(body);
  const fields = inPieces(bytes, boundary, bytes.length);
  for (const length of [1, 2, 3, 50]) expect(inPieces(bytes, boundary, length)).toEqual(fields);
  return fields.map(({ name, start, end }) => [name, bytes.toString('utf8', start, end)]);
}

/** Scans a form in pieces of this length. */
function inPieces(bytes: Buffer, boundary: string, length: number): FormField[] {
  const scanner = new FormScanner(boundary);
  for (let at = 0; at < bytes.length; at += Math.max(1, length)) scanner.push(bytes.subarray(at, at + length));
  return scanner.finish();
}

const crlf = (...lines: string[]): string => lines.join('\r\n');

describe('the fields of a form', () => {
  test('are the ones that FormData wrote, without files', async () => {
    const part = fc.record({
      name: fc.string({ unit: 'grapheme', minLength: 1 }).filter((name) => !/[\r\n\\]/.test(name)),
      value: fc.string({ unit: fc.constantFrom('a', '-', '--', '\r\n', '\n', '"', 'é', '\r\n--'), maxLength: 20 }),
      isFile: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(part, { maxLength: 6 }), async (parts) => {
        const form = new FormData();
        for (const { name, value, isFile } of parts) form.append(name, isFile ? new Blob([value]) : value);
        const request = new Request('http://a', { method: 'POST', body: form });
        const boundary = boundaryOf(request.headers.get('content-type') ?? '');
        const body = Buffer.from(await request.arrayBuffer());
        const expected = parts
          .filter(({ isFile }) => !isFile)
          .map(({ name, value }) => [encodedName(name), value.replaceAll(/\r?\n|\r/g, '\r\n')]);
        expect(fieldsOf(body, boundary ?? '')).toEqual(expected);
      }),
    );
  });

  test('are found after a preamble, and with headers in any case and order', () => {
    const body = crlf(
      'preamble',
      '--b',
      'content-type: text/plain',
      'CONTENT-DISPOSITION:form-data ;name=model',
      '',
      'a',
      '--b  ',
      'Content-Disposition: form-data; filename=x; name="model"',
      '',
      'file',
      '--bc',
      '--b',
      'Content-Disposition: form-data; name="empty"',
      '',
      '',
      '--b--',
      'epilogue',
    );
    expect(fieldsOf(body, 'b')).toEqual([
      ['model', 'a'],
      ['empty', ''],
    ]);
  });

  test('are an empty list for an empty form', () => {
    expect(fieldsOf('--b--\r\n', 'b')).toEqual([]);
  });
});

test('text that only looks like a delimiter is part of a value, also right before a real delimiter', () => {
  const head = 'Content-Disposition: form-data; name="x"';
  for (const value of ['\r\n--bx', '\r\n--b-x', '\r\n--b\rx', '\r\r\n', '\r\n-', '\r\n--', '\r\n--b\r', '\r\n--b-']) {
    expect(fieldsOf(`--b\r\n${head}\r\n\r\n${value}\r\n--b--`, 'b')).toEqual([['x', value]]);
  }
});

test('a form that is cut off anywhere is refused', () => {
  const body = crlf('--b', 'Content-Disposition: form-data; name="model"', '', 'a', '--b--');
  for (let length = 0; length < body.length; length += 1) {
    // Even a form without its very last dash is incomplete.
    expect(() => fieldsOf(body.slice(0, length), 'b')).toThrow(SyntaxError);
  }
  expect(fieldsOf(body, 'b')).toEqual([['model', 'a']]);
});

test('a form with too many parts or too long headers is refused', () => {
  const part = crlf('--b', 'Content-Disposition: form-data; name="x"', '', 'y', '');
  expect(() => fieldsOf(`${part.repeat(1_001)}--b--`, 'b')).toThrow(SyntaxError);
  expect(() => fieldsOf(crlf('--b', `X: ${'y'.repeat(9_000)}`, '', 'a', '--b--'), 'b')).toThrow(SyntaxError);
});

test.each([
  ['multipart/form-data; boundary=abc', 'abc'],
  ['Multipart/Form-Data;charset=utf-8; BOUNDARY="a b;c"', 'a b;c'],
  ['multipart/form-data; boundary=----WebKitFormBoundaryx; x=y', '----WebKitFormBoundaryx'],
  ['multipart/form-data', null],
  ['multipart/mixed; boundary=abc', null],
  ['application/json; boundary=abc', null],
])('the boundary of %j is %j', (type, boundary) => {
  expect(boundaryOf(type)).toBe(boundary);
});

/** Encodes a name like FormData. */
function encodedName(name: string): string {
  return name.replaceAll('"', '%22').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}
