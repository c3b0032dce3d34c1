import type { EngineOption } from '@llamactl/client';
import { describe, expect, it } from 'vitest';
import { sampleInstance } from '../../testing/sample-instance.ts';
import { behaviourSettings, optionSettings, servingSettings, valueText } from './setting-list.ts';

const find = (settings: ReturnType<typeof servingSettings>, key: string) => settings.find((each) => each.key === key);

describe('a setting', () => {
  it('is set here if it differs from its default', () => {
    const settings = servingSettings(sampleInstance({ aliases: ['gpt-4'], queue_limit: 1_000 }));
    expect(find(settings, 'aliases')).toMatchObject({ value: 'gpt-4', source: 'set' });
    expect(find(settings, 'queue_limit')).toMatchObject({ value: '1000', source: 'default' });
    expect(find(settings, 'system_prompt')).toMatchObject({ value: null, source: 'default' });
  });

  it('with a default of the server is compared with it, if the reader may see it', () => {
    const instance = sampleInstance({ max_restarts: 5, auto_restart: false, idle_timeout: 60 });
    const known = behaviourSettings(instance, { max_restarts: 5, auto_restart: true, idle_timeout: 60 });
    expect(find(known, 'max_restarts')?.source).toBe('default');
    expect(find(known, 'auto_restart')?.source).toBe('set');
    expect(find(known, 'idle_timeout')?.source).toBe('default');
    expect(find(behaviourSettings(instance, null), 'max_restarts')?.source).toBe('unknown');
    // llamactl has chosen it, or a user has.
    expect(find(known, 'port')?.source).toBe('unknown');
  });

  it('of the engine has the default and the words of its help', () => {
    const option: EngineOption = {
      key: 'ctx_size',
      flags: ['--ctx-size'],
      type: 'number',
      default: '4096',
      choices: null,
      group: 'common',
      description: 'size of the prompt context',
      variables: [],
      guard: null,
    };
    const settings = optionSettings({ options: { ctx_size: 512, other: [1, 'a'] } }, [option]);
    expect(find(settings, 'ctx_size')).toMatchObject({ value: '512', engineDefault: '4096' });
    expect(find(settings, 'other')).toMatchObject({ value: '1, a', description: null });
  });
});

it('a value is shown as people write it', () => {
  expect([valueText(true), valueText([]), valueText({}), valueText({ a: 1 }), valueText('x')]).toEqual([
    'true',
    null,
    null,
    '{"a":1}',
    'x',
  ]);
});
