import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigSchema, WITHOUT_EFFECT } from '@llamactl/contract/config';
import { describe, expect, it } from 'vitest';
import { LineCounter, isMap, isScalar, parse, parseDocument } from 'yaml';
import { inheritedEnvironment } from './env.ts';
import { configKeys } from './config-keys.ts';
import type { ConfigKey } from './config-keys.ts';

const root = join(import.meta.dirname, '..', '..');
const example = readFileSync(join(root, 'llamactl.example.yaml'), 'utf8');
const page = readFileSync(join(root, 'docs', 'configuration.md'), 'utf8');
const keys = configKeys();

const defaultOf = ({ path }: ConfigKey): unknown =>
  path.reduce<unknown>((value, step) => (value as Record<string, unknown>)[step], ConfigSchema.parse({}));

describe('llamactl.example.yaml', () => {
  /** The comment lines right above a key; `null`: the file does not have the key. */
  function commentOf(key: ConfigKey): string | null {
    const lines = new LineCounter();
    let node: unknown = parseDocument(example, { lineCounter: lines }).contents;
    let line = 0;
    for (const step of key.path) {
      const pair = isMap(node) ? node.items.find((item) => isScalar(item.key) && item.key.value === step) : undefined;
      if (!pair || !isScalar(pair.key) || !pair.key.range) return null;
      line = lines.linePos(pair.key.range[0]).line;
      node = pair.value;
    }
    const above = example.split('\n').slice(0, line - 1);
    return above.slice(above.findLastIndex((text) => !text.trimStart().startsWith('#')) + 1).join('\n');
  }

  it('contains all defaults', () => {
    const values: unknown = parse(example);
    expect(values).toEqual(ConfigSchema.parse({}));
    expect(ConfigSchema.parse(values)).toEqual(ConfigSchema.parse({}));
  });

  it.each(keys.map((key) => [key.name, key] as const))('explains %s', (_, key) => {
    const comment = commentOf(key);
    expect(comment).toMatch(/# \w.*\./);
    expect(comment?.includes('(no effect yet)')).toBe(WITHOUT_EFFECT.has(key.name));
  });
});

describe('docs/configuration.md', () => {
  /** The rows of the table of keys: name, default, variable and meaning. */
  const rows = page
    .split('\n')
    .map((line) => line.split('|').map((cell) => cell.trim().replace(/^`([^`]*)`$/, '$1')))
    .filter((cells) => cells.length === 6)
    .slice(2)
    .map(([, name = '', standard = '', variable = '', meaning = '']) => ({ name, standard, variable, meaning }));
  const NO_EFFECT = '_No effect yet._ ';

  it('has a row for each key, in the order of the file, and no others', () => {
    expect(rows.map(({ name }) => name)).toEqual(keys.map(({ name }) => name));
  });

  it.each(keys.map((key) => [key.name, key] as const))('has the default, variable and meaning of %s', (name, key) => {
    const isSettable = key.kind !== 'map' && name !== 'security.allow_privileged';
    const row = rows.find((one) => one.name === name);
    expect(JSON.parse(row?.standard ?? '')).toEqual(defaultOf(key));
    expect(row?.variable).toBe(isSettable ? key.variable : '–');
    expect(row?.meaning.startsWith(NO_EFFECT)).toBe(WITHOUT_EFFECT.has(name));
    expect(row?.meaning.replace(NO_EFFECT, '')).toMatch(/\.$/);
  });

  it('names exactly the variables that engines inherit', () => {
    const start = page.indexOf('Passed on are:');
    const kept = page.indexOf('Kept back is everything else:');
    const names = (text: string): string[] =>
      [...text.matchAll(/`([A-Z][A-Z_]+\*?)`/g)].map(([, name = '']) => name.replace('*', 'X'));
    const passed = names(page.slice(start, kept));
    expect(passed.length).toBeGreaterThan(30);
    expect(passed.filter((name) => !(name in inheritedEnvironment({ [name]: 'x' })))).toEqual([]);
    const heldBack = names(page.slice(kept, page.indexOf('## Files in data_dir')));
    expect(heldBack.length).toBeGreaterThan(4);
    expect(heldBack.filter((name) => name in inheritedEnvironment({ [name]: 'x' }))).toEqual([]);
  });
});
