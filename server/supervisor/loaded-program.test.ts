import { describe, expect, test } from 'vitest';
import { loadedProgram } from './loaded-program.ts';

describe('the name of a program', () => {
  test.each([
    ['ld-linux-x86-64', ['/lib64/ld-linux-x86-64.so.2', '/opt/llama-server', '--port', '8100'], 'llama-server'],
    ['ld-linux-aarch6', ['ld.so', '--library-path', '/opt/lib:/x', '/opt/bin/llama-server'], 'llama-server'],
    ['ld-musl-x86_64.', ['ld.so', '--argv0', 'a', '--preload', 'b', 'engine', '--list'], 'engine'],
  ])('of loader %s with %j is %j', (name, argv, program) => {
    expect(loadedProgram(name, argv)).toBe(program);
  });

  test('is null without a loader', () => {
    expect(loadedProgram('llama-server', ['llama-server', '--port', '8100'])).toBeNull();
    expect(loadedProgram('ld-linux-x86-64', ['ld.so', '--list-tunables', ''])).toBeNull();
  });
});
