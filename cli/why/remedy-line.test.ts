import { describe, expect, it } from 'vitest';
import { remedyLine } from './remedy-line.ts';

describe('the line of a remedy', () => {
  it.each([
    [{ operation: 'updateInstance', body: { options: { ctx_size: 4096 } } }, 'llamactl update qwen -o ctx_size=4096'],
    [{ operation: 'updateInstance', body: { options: { bogus: null } } }, 'llamactl update qwen --unset options.bogus'],
    [{ operation: 'updateInstance', body: { port: null } }, 'llamactl update qwen --unset port'],
    [{ operation: 'updateInstance', body: { model: 'my model' } }, "llamactl update qwen --model 'my model'"],
    [{ operation: 'updateInstance', body: { extra_args: ['--x', 'a b'] } }, "llamactl update qwen -- --x 'a b'"],
    [{ link: 'settings/extra_args' }, 'llamactl update qwen -- …'],
    [{ operation: 'startInstance' }, 'llamactl start qwen'],
    [{ operation: 'stopInstance', body: { force: true } }, 'llamactl stop qwen --force'],
    [{ operation: 'stopInstance' }, 'llamactl stop qwen'],
    [{ operation: 'restartInstance' }, 'llamactl restart qwen'],
    [{ operation: 'stopAllInstances', body: { names: ['a', 'b'] } }, 'llamactl stop a b'],
    [{ link: 'log' }, 'llamactl logs qwen -n 50'],
    [{ link: 'instances' }, 'llamactl stats'],
    [{ link: 'instances/pinned' }, 'llamactl ps --all'],
    [{ link: 'models' }, 'llamactl models'],
    [{ link: 'system' }, 'llamactl doctor'],
    [{ link: 'settings' }, 'llamactl show qwen'],
    [{ link: 'settings/model' }, 'llamactl update qwen --model FILE'],
    [{ link: 'settings/port' }, 'llamactl update qwen --port …'],
    [{ link: 'settings/options.ctx_size' }, 'llamactl update qwen -o ctx_size=…'],
    [{ link: 'configuration/instances.start_timeout' }, 'instances.start_timeout in the configuration'],
    [{ command: 'chmod a+r /m/x' }, 'chmod a+r /m/x'],
    [
      { operation: 'updateInstance', body: { model: 'a' }, command: 'llamactl import ollama a --update' },
      'llamactl import ollama a --update',
    ],
  ] as const)('of %j ends with %s', (remedy, command) => {
    expect(remedyLine('qwen', { label: 'Do it', ...structuredClone(remedy) } as never)).toBe(`Do it: ${command}`);
  });

  it('says that a remedy was tried', () => {
    const remedy = { label: 'Use less', operation: 'updateInstance', body: { options: { ctx_size: 1 } }, tried: true };
    expect(remedyLine('qwen', structuredClone(remedy) as never)).toBe('Use less: tried, it failed again');
  });

  it('is the label alone if no command does it', () => {
    expect(remedyLine('qwen', { label: 'Put the file back' })).toBe('Put the file back');
  });
});
