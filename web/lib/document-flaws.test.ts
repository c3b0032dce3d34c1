import { describe, expect, test } from 'vitest';
import { flawWords } from '../words/flaws.ts';
import { type Flaw, jsonFlaws, yamlFlaws } from './document-flaws.ts';

describe('mistakes in YAML', () => {
  test('have their place', () => {
    const text = 'name: a\noptions: { x: 1\n';
    const [flaw] = yamlFlaws(text);
    expect(flaw?.message).toContain('Flow map in block collection');
    expect(flaw?.from).toBeGreaterThan(text.indexOf('{'));
    expect(flaw?.to).toBeLessThanOrEqual(text.length);
  });

  test('are none in a document, also in JSON', () => {
    expect([...yamlFlaws('name: a\n'), ...yamlFlaws('{"a": [1]}'), ...yamlFlaws('')]).toEqual([]);
  });

  test('a repeated key is one', () => {
    expect(yamlFlaws('a: 1\na: 2\n')).toEqual([expect.objectContaining({ from: 5 })]);
  });
});

test('mistakes have German sentences by their kind', () => {
  const germanOf = (flaws: readonly Flaw[]): string[] =>
    flaws.map(({ code, message }) => flawWords.de.flaw(code, message));
  expect(germanOf(yamlFlaws('a: 1\na: 2\n'))).toEqual(['Dieser Schlüssel steht schon weiter oben.']);
  expect(germanOf(jsonFlaws('{"a": '))).toEqual(['Das JSON endet zu früh: Etwas ist nicht geschlossen.']);
  expect(germanOf(jsonFlaws('{"a": x}'))).toEqual(['Ab hier ist das kein gültiges JSON.']);
  expect(flawWords.de.flaw('OF_TOMORROW', 'New mistake')).toBe('New mistake');
});

describe('mistakes in JSON', () => {
  test('have their place', () => {
    const [flaw] = jsonFlaws('{\n  "a": 1,\n  b: 2\n}');
    expect(flaw).toMatchObject({ from: 14, to: 15 });
    expect(flaw?.message).not.toMatch(/position|line/);
  });

  test('stand at the end of a text that breaks off', () => {
    expect(jsonFlaws('{"a": ')).toEqual([expect.objectContaining({ from: 6, to: 6 })]);
  });

  test('are none in JSON, nor without a text', () => {
    expect([...jsonFlaws('{"a": [1]}'), ...jsonFlaws(' ')]).toEqual([]);
  });
});
