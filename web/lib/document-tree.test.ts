import { jsonLanguage } from '@codemirror/lang-json';
import { yamlLanguage } from '@codemirror/lang-yaml';
import { describe, expect, test } from 'vitest';
import { namesAround, placeOf } from './document-tree.ts';

const FLEET = `version: 1
instances:
  - name: chat
    aliases: [first, second]
    options:
      ctx_size: 512
      override.kv: a
  - name: embed
`;

const JSON_TEXT = '{"a": {"b": [1, {"c": 2}]}, "x.y": 3}';

function shown(text: string, path: string): string {
  const { parser } = text.startsWith('{') ? jsonLanguage : yamlLanguage;
  const { from, to } = placeOf(parser.parse(text), text, path);
  return text.slice(from, to);
}

describe('the place of a problem', () => {
  test.each([
    ['instances[0].options.ctx_size', 'ctx_size: 512'],
    ['instances[0].options.override.kv', 'override.kv: a'],
    ['instances[0].aliases[1]', 'second'],
    ['instances[0].options', 'options'],
    ['instances[0].aliases', 'aliases'],
    ['instances[1]', 'name: embed'],
    ['instances[1].name', 'name: embed'],
  ])('%s is its setting', (path, text) => {
    expect(shown(FLEET, path)).toBe(text);
  });

  test.each([
    ['instances[1].model_path', 'name: embed'],
    ['instances[9].name', 'instances'],
    ['name', 'version: 1'],
    ['', 'version: 1'],
  ])('%j is the nearest one around it, if the text lacks the setting', (path, text) => {
    expect(shown(FLEET, path)).toBe(text);
  });

  test.each([
    ['a.b[1].c', '"c": 2'],
    ['a.b[0]', '1'],
    ['x.y', '"x.y": 3'],
  ])('%s is found in JSON too', (path, text) => {
    expect(shown(JSON_TEXT, path)).toBe(text);
  });

  test('is the first line of an empty text', () => {
    expect(placeOf(yamlLanguage.parser.parse(''), '', 'name')).toEqual({ from: 0, to: 0 });
  });
});

/** @param marked The text with a `|` where the key begins. */
function around(marked: string): string[] | null {
  const at = marked.indexOf('|');
  const text = marked.replace('|', '');
  const { parser } = text.startsWith('{') ? jsonLanguage : yamlLanguage;
  return namesAround(parser.parse(text), text, at);
}

describe('the names around a key', () => {
  test.each([
    ['|na', []],
    ['name: a\n|op', []],
    ['options:\n  |ct', ['options']],
    ['options:\n  ctx_size: 1\n  |', ['options']],
    ['options:\n  ctx_size: 1\n|', []],
    ['options:\n  # a comment\n\n  |ct\nname: a', ['options']],
    ['instances:\n  - |na', ['instances', '[]']],
    ['instances:\n- name: a\n  |op', ['instances', '[]']],
    [
      'instances:\n  - name: a\n    options:\n      x: 1\n  - name: b\n    options:\n      |',
      ['instances', '[]', 'options'],
    ],
    ['"options":\n  |ct', ['options']],
    ['options: { ctx_size: 1, |ct', ['options']],
    ['options: { |ct }', ['options']],
    ['{"a": {"b": 1, |', ['a']],
    ['{"a": [{|"b": 1}]}', ['a', '[]']],
  ])('of %j are %j', (marked, names) => {
    expect(around(marked)).toEqual(names);
  });

  test.each(['name: |ch', 'options: { ctx_size: |1 }', 'aliases: [|a]', '{"a": |tr'])(
    'are none in a value: %j',
    (marked) => {
      expect(around(marked)).toBeNull();
    },
  );
});
