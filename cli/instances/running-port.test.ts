import { describe, expect, it } from 'vitest';
import { runningPort } from './running-port.ts';

const instance = {
  pid: 1,
  port: 8101,
  restart_required: true,
  effective_command: ['llama-server', '--port', '8100', '--alias', 'a'],
};

describe('runningPort', () => {
  it('is the port of the launch', () => {
    expect(runningPort(instance)).toBe(8100);
  });

  it.each([
    ['the settings have not changed', { restart_required: false }],
    ['no engine runs', { pid: null }],
    ['its command has no port', { effective_command: ['own-server'] }],
  ])('is the port of the settings if %s', (_what, other) => {
    expect(runningPort({ ...instance, ...other })).toBe(8101);
  });
});
