import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConfigSchema, type ConfigView } from '@llamactl/contract/config';
import { ConfigSandbox } from '@llamactl/server/testing/config-sandbox';
import { parse } from 'yaml';
import { configLines, valueText } from './config-text.ts';

let sandbox: ConfigSandbox;
beforeEach(() => {
  sandbox = new ConfigSandbox();
});
afterEach(() => sandbox.dispose());

const view = (text: string, environment: Record<string, string> = {}): Promise<ConfigView> => {
  sandbox.inHome(text);
  return sandbox.editor({ environment }).view();
};
const faint = (text: string): string => `<${text}>`;

describe('a configuration as text', () => {
  it('is YAML with the same content', async () => {
    const shown = await view(
      'stats: { interval: 5 }\nmodels: { dirs: ["a # b", \'c\'] }\nalerts: { command: [sh, -c, "echo \\"x\\""] }\n',
    );
    const text = configLines(shown, (source) => source).join('\n');
    expect(ConfigSchema.parse(parse(text))).toEqual(shown.config);
  });

  it('has the source after each value, and only that is faint', async () => {
    const lines = configLines(
      await view('stats:\n  interval: 5\nmodels:\n  dirs: ["a # b"]\n', { LLAMACTL_SERVER_PORT: '9000' }),
      faint,
    );
    expect(lines).toEqual(
      expect.arrayContaining([
        'server:',
        '  port: 9000 <# LLAMACTL_SERVER_PORT>',
        '  host: 127.0.0.1 <# default>',
        '  interval: 5 <# file, line 2>',
        '  dirs: ["a # b"] <# file, line 4>',
        '  port_range: [8100, 9999] <# default>',
        '    command: llama-server <# default>',
        '    command: vllm <# default, no effect yet>',
        'groups: {} <# default>',
      ]),
    );
  });

  it('has one line per value, and marks pending ones', async () => {
    const shown = await view('stats: { interval: 5 }\n');
    const lines = configLines({ ...shown, pending: ['stats.interval', 'server.port'] }, faint);
    expect(lines.filter((line) => line.includes('<#'))).toHaveLength(Object.keys(shown.sources).length);
    expect(lines).toContain('  interval: 5 <# file, line 1, takes effect at the next reload or start>');
    expect(lines).toContain('  port: 8080 <# default, takes effect at the next start>');
  });

  it('contains no control characters', async () => {
    const shown = await view('models: { hf_endpoint: "https://x/\\e[2Jy" }\n');
    expect(configLines(shown, faint).join('\n')).not.toContain('\u001B');
  });
});

describe('a value as text', () => {
  it.each([
    ['text', 'text'],
    [5, '5'],
    [false, 'false'],
    [['a', 'b c'], '[a, b c]'],
    [{ a: 1, b: [2] }, 'a: 1\nb:\n  - 2'],
    [{}, '{}'],
  ])('prints %j as %s', (value, text) => {
    expect(valueText(value)).toBe(text);
  });
});
