import { describe, expect, it } from 'vitest';
import { settingChanges } from './setting-changes.ts';
import { newSettings } from './settings.ts';

const before = newSettings({
  model_path: '/m.gguf',
  options: { threads: 4, list: ['a', 'b'], verbose: true },
  environment: { A: '1', B: '2' },
  aliases: ['x'],
});

describe('settingChanges', () => {
  it('returns nothing for equal settings', () => {
    expect(settingChanges(before, structuredClone(before))).toEqual([]);
  });

  it('names each setting, and options and variables one by one', () => {
    const after = newSettings({
      options: { threads: 8, list: ['b', 'a'], verbose: true, seed: 0 },
      environment: { B: '2', C: '3' },
      aliases: [],
      command: ['/bin/engine'],
      max_restarts: 0,
    });
    expect(settingChanges(before, after).toSorted()).toEqual([
      'aliases',
      'command',
      'environment.A',
      'environment.C',
      'max_restarts',
      'model_path',
      'options.list',
      'options.seed',
      'options.threads',
    ]);
  });

  it('distinguishes values of different types', () => {
    expect(settingChanges(before, { ...before, options: { ...before.options, threads: '4' } })).toEqual([
      'options.threads',
    ]);
  });

  it('reports a new order of options, because it is the order of flags', () => {
    const { threads, list, verbose } = before.options;
    expect(settingChanges(before, { ...before, options: { verbose, threads, list } as typeof before.options })).toEqual(
      ['options'],
    );
    expect(
      settingChanges(before, { ...before, options: { seed: 1, threads, verbose } as typeof before.options }),
    ).toEqual(['options.list', 'options.seed']);
  });

  it('ignores the order of the environment', () => {
    expect(settingChanges(before, { ...before, environment: { B: '2', A: '1' } })).toEqual([]);
  });
});
