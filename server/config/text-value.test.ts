import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseText } from './text-value.ts';

describe('parseText', () => {
  it.each([
    ['number', '8080', 8080],
    ['number', ' 1.5 ', 1.5],
    ['number', '-1', -1],
    ['boolean', 'true', true],
    ['boolean', 'ON', true],
    ['boolean', '0', false],
    ['boolean', 'no', false],
    ['text', ' as it is ', ' as it is '],
    ['text', '', ''],
    ['list', '', []],
    ['list', 'a, b', ['a', 'b']],
    ['list', '["a,b", " c"]', ['a,b', ' c']],
    ['numbers', '8100,8200', [8100, 8200]],
    ['numbers', '[8100, 8200]', [8100, 8200]],
    ['numbers', '8100,x', [8100, 'x']],
  ] as const)('parses %s %j as %j', (kind, text, value) => {
    expect(parseText(text, kind)).toEqual({ value });
  });

  it.each([
    ['number', '', 'must be a number'],
    ['number', '0x50', 'must be a number'],
    ['number', '1e3', 'must be a number'],
    ['number', 'Infinity', 'must be a number'],
    ['boolean', '', 'must be true or false'],
    ['boolean', 'maybe', 'must be true or false'],
    ['list', '["a"', 'starts like a JSON list but is not valid: write a,b or ["a","b"]'],
    ['map', '{}', 'is a map, which only the configuration file can set'],
  ] as const)('refuses %s %j', (kind, text, problem) => {
    expect(parseText(text, kind)).toEqual({ problem });
  });

  it('parses any list that is written as JSON', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), (list) => {
        expect(parseText(JSON.stringify(list), 'list')).toEqual({ value: list });
      }),
    );
  });
});
