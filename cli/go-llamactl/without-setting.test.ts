import { describe, expect, it } from 'vitest';
import { withoutSetting } from './without-setting.ts';

describe('settings without one that a server refuses', () => {
  it.each([
    ['options.slots', { options: { slots: true, threads: 4 } }, { options: { threads: 4 } }],
    ['options.lora[1]', { options: { lora: ['/a', '-b'] } }, { options: {} }],
    ['aliases[1]', { aliases: ['a', 'b c'] }, { aliases: ['a'] }],
    ['environment.HF_HOME', { environment: { HF_HOME: '/x' } }, { environment: {} }],
    ['command', { command: ['/bin/x'], engine: 'llama_cpp' }, { engine: 'llama_cpp' }],
    ['extra_args.2', { extra_args: ['--a', '1', '--host', '::', '--b'] }, { extra_args: ['--a', '1', '--b'] }],
    ['extra_args.1', { extra_args: ['--a', '@file', '--b'] }, { extra_args: ['--b'] }],
    ['extra_args.0', { extra_args: ['--port', '1'] }, { extra_args: [] }],
  ])('lack %s', (path, settings, rest) => {
    expect(withoutSetting(settings, path)).toEqual(rest);
  });

  it.each(['model_path', 'name', '', 'options.absent', 'extra_args.7', 'command', 'aliases[0]'])(
    'do not exist for %j',
    (path) => {
      expect(withoutSetting({ model_path: '/m.gguf', options: {} }, path)).toBeNull();
    },
  );
});
