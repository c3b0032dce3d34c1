import type { EngineOption } from '@llamactl/client';
import { describe, expect, it } from 'vitest';
import { optionEntries, optionText, optionValue, shownOptions } from './option-list.ts';

function option(key: string, flags: string[], description = ''): EngineOption {
  const rest = { default: null, choices: null, group: 'common', variables: [], guard: null };
  return { ...rest, type: 'number', key, flags, description };
}

const OPTIONS = [
  option('threads', ['--threads', '-t'], 'number of threads'),
  option('rope_scale', ['--rope-scale'], 'factor of the context size'),
  option('ctx_size', ['--ctx-size', '-c'], 'size of the prompt context'),
];
const keys = (entries: readonly { key: string }[]): string[] => entries.map(({ key }) => key);

describe('the options of an engine', () => {
  it('have the name under which they are set, and those that the engine does not list come first', () => {
    const entries = optionEntries(OPTIONS, { c: 512, own_option: true });
    expect(keys(entries)).toEqual(['own_option', 'threads', 'rope_scale', 'c']);
    expect(entries[0]?.option).toBeNull();
  });

  it('are the basic ones in their own order, and whatever is set', () => {
    const entries = optionEntries(OPTIONS, { rope_scale: 2 });
    expect(keys(shownOptions(entries, 'basic', '', new Set(['rope_scale'])))).toEqual([
      'rope_scale',
      'ctx_size',
      'threads',
    ]);
    expect(keys(shownOptions(entries, 'changed', '', new Set(['rope_scale'])))).toEqual(['rope_scale']);
    expect(keys(shownOptions(entries, 'all', '', new Set()))).toEqual(['threads', 'rope_scale', 'ctx_size']);
  });

  it('are all shown for an engine of which we know no basic ones', () => {
    const foreign = optionEntries([option('speed', ['--speed'])], {});
    expect(keys(shownOptions(foreign, 'basic', '', new Set()))).toEqual(['speed']);
  });

  it('are found by flag or description in every view, names first', () => {
    const entries = optionEntries(OPTIONS, {});
    expect(keys(shownOptions(entries, 'changed', 'context', new Set()))).toEqual(['rope_scale', 'ctx_size']);
    expect(keys(shownOptions(entries, 'basic', 'ctx-size', new Set()))).toEqual(['ctx_size']);
    expect(keys(shownOptions(entries, 'basic', 'size', new Set()))).toEqual(['ctx_size', 'rope_scale']);
    expect(keys(shownOptions(entries, 'all', 'nothing', new Set()))).toEqual([]);
  });
});

describe('the value of an option', () => {
  it('is a number only if the number keeps all digits; the server judges the rest', () => {
    expect(optionValue('512', 'number')).toBe(512);
    expect(optionValue('-0.5', 'number')).toBe(-0.5);
    expect(optionValue('auto', 'number')).toBe('auto');
    expect(optionValue('9007199254740993', 'number')).toBe('9007199254740993');
    expect(optionValue('007', 'number')).toBe('007');
    expect(optionValue(' ', 'number')).toBeUndefined();
  });

  it('is true or false for a switch, and a list of lines for a list', () => {
    expect(optionValue('true', 'switch')).toBe(true);
    expect(optionValue('off', 'switch')).toBe(false);
    expect(optionValue('a\n\n2', 'list')).toEqual(['a', 2]);
    expect(optionValue('\n', 'list')).toBeUndefined();
  });

  it('stays as typed for a text, and is guessed without a list of the engine', () => {
    expect(optionValue('12', 'text')).toBe('12');
    expect(optionValue('12', 'any')).toBe(12);
    expect(optionValue('true', 'any')).toBe(true);
    expect(optionValue('on', 'any')).toBe('on');
  });

  it('is written as it is read', () => {
    expect(optionText(['a', 2])).toBe('a\n2');
    expect(optionText(false)).toBe('false');
    expect(optionText(undefined)).toBe('');
  });
});
