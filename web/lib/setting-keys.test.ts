import type { EngineOption } from '@llamactl/client';
import { describe, expect, test } from 'vitest';
import { fleetKeys, instanceKeys } from './setting-keys.ts';

function option(key: string, guard: EngineOption['guard'] = null): EngineOption {
  return {
    key,
    flags: [],
    type: 'number',
    default: '4096',
    choices: null,
    group: null,
    description: 'size of the context',
    variables: [],
    guard,
  };
}

const OPTIONS = [option('ctx_size'), option('host', { kind: 'reserved', why: 'is set by llamactl' })];

describe('keys of an instance', () => {
  test('are its settings at the top, some with keys of their own', () => {
    const keys = instanceKeys([], OPTIONS);
    expect(keys).toContainEqual({ key: 'options', isMap: true });
    expect(keys).toContainEqual({ key: 'model_path', isMap: false });
  });

  test('are the options that it may set, with their defaults and meanings', () => {
    expect(instanceKeys(['options'], OPTIONS)).toEqual([
      { key: 'ctx_size', detail: '4096', info: 'size of the context' },
    ]);
  });

  test('are none where names are free', () => {
    expect(instanceKeys(['environment'], OPTIONS)).toEqual([]);
  });
});

describe('keys of a fleet file', () => {
  test('are its own at the top, and those of an instance in its list', () => {
    expect(fleetKeys([], OPTIONS).map(({ key }) => key)).toEqual(['version', 'instances']);
    expect(fleetKeys(['instances', '[]'], OPTIONS)).toEqual(instanceKeys([], OPTIONS));
    expect(fleetKeys(['instances', '[]', 'options'], OPTIONS)).toHaveLength(1);
    expect(fleetKeys(['instances'], OPTIONS)).toEqual([]);
  });
});
