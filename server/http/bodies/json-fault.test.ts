import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { atOnce } from '../../sliced-work.ts';
import { jsonFault, jsonFaultInSlices, placeOf } from './json-fault.ts';

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}

/** Texts similar to JSON: pieces of JSON in any order, and JSON with changes. */
const nearlyJson = fc.oneof(
  fc
    .array(
      fc.constantFrom(
        '{',
        '}',
        '[',
        ']',
        ',',
        ':',
        '"a"',
        '"',
        '\\',
        'true',
        'nul',
        '1',
        '-',
        '0',
        '1e',
        '.',
        ' ',
        '\n',
        '\\u12',
      ),
    )
    .map((parts) => parts.join('')),
  fc.tuple(fc.json(), fc.nat(), fc.string({ maxLength: 3 })).map(([text, at, piece]) => {
    const index = at % (text.length + 1);
    return text.slice(0, index) + piece + text.slice(index + 1);
  }),
);

describe('finding the error in invalid JSON', () => {
  it('finds an error exactly when V8’s parser does', () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string(), nearlyJson), (text) => {
        expect(jsonFault(text) === null).toBe(isJson(text));
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    ['', 0, 'it ends too early: a value is expected'],
    ['{"a":1', 6, 'it ends too early: a comma or the closing bracket is expected'],
    ['{"a":1,}', 7, 'a name in double quotes is expected'],
    ["{'a':1}", 1, 'a name in double quotes or } is expected'],
    ['{"a" 1}', 5, 'a colon is expected'],
    ['[1,]', 3, 'a value is expected'],
    ['[1 2]', 3, 'a comma or the closing bracket is expected'],
    ['{"a":1]', 6, 'a comma or the closing bracket is expected'],
    ['{} x', 3, 'nothing more is expected'],
    ['{"a":True}', 5, 'a value is expected'],
    ['{"a":"b', 5, 'the string that starts here does not end'],
    ['"a\nb"', 0, 'the string that starts here holds a control character, such as a line break'],
    ['"C:\\models"', 0, 'the string that starts here holds a backslash that escapes nothing'],
    ['[01]', 1, 'a value or ] is expected'],
  ])('describes the error in %j', (text, offset, message) => expect(jsonFault(text)).toEqual({ offset, message }));

  it('handles a megabyte of brackets or escapes', () => {
    expect(jsonFault('['.repeat(1_000_000))?.offset).toBe(1_000_000);
    expect(jsonFault(`"${'\\n'.repeat(500_000)}`)?.offset).toBe(0);
  });

  it.each([
    ['empty lines', '\n', 'x'],
    ['spaces', ' ', 'x'],
    ['digits', '1', 'x'],
    ['a string', '"aaaaaaaaaaaaaaa', '\n'],
    ['escapes', '"\\n\\u0000', ''],
    ['brackets', '[', '}'],
  ])('pauses within %s', (_what, begin, end) => {
    const repeated = begin.startsWith('"') ? begin.slice(1) : begin;
    const text = (begin.startsWith('"') ? '"' : '') + repeated.repeat(1_000_000 / repeated.length) + end;
    let pauses = 0;
    const fault = jsonFaultInSlices(text);
    for (let step = fault.next(); ; step = fault.next()) {
      if (step.done === true) {
        expect(step.value).not.toBe(null);
        break;
      }
      pauses += 1;
    }
    const place = placeOf('\n'.repeat(1_000_000), 1_000_000);
    while (place.next().done === false) pauses += 1;
    expect(pauses).toBeGreaterThan(2 * 50);
  });

  it('counts lines and columns from 1', () => {
    expect(atOnce(placeOf('ab', 0))).toEqual({ line: 1, column: 1 });
    expect(atOnce(placeOf('{\n  "a":,', 8))).toEqual({ line: 2, column: 7 });
  });
});
