import { describe, expect, it } from 'vitest';
import { runningPort } from './running-port.ts';

const instance = {
  pid: 1,
  port: 8101,
  restart_required: true,
  effective_command: ['llama-server', '--port', '8100', '--alias', 'a'],
};

describe('the port of a running engine', () => {
  it('is the one that it was launched with', () => {
    expect(runningPort(instance)).toBe(8100);
  });

  it.each([
    ['nothing has changed', { restart_required: false }],
    ['nothing runs', { pid: null }],
    ['its command does not tell', { effective_command: ['own-server'] }],
  ])('is that of the settings where %s', (_what, other) => {
    expect(runningPort({ ...instance, ...other })).toBe(8101);
  });
});
