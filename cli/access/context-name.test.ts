import { describe, expect, it } from 'vitest';
import { contextNameOf } from './context-name.ts';

describe('the default name of a context', () => {
  it.each([
    ['http://127.0.0.1:8080', 'local'],
    ['http://localhost:9000', 'local'],
    ['http://[::1]:8080', 'local'],
    ['https://gpu.example', 'gpu.example'],
    ['https://gpu.example/llm', 'gpu.example'],
    ['http://192.168.1.5:8080', '192.168.1.5'],
    ['http://[fe80::1]:8080', 'fe80-1'],
  ])('%s becomes %s', (url, name) => {
    expect(contextNameOf(url, [])).toBe(name);
  });

  it('is the preferred name if it is free', () => {
    expect(contextNameOf('http://172.17.0.1:8080', [], 'local')).toBe('local');
    expect(contextNameOf('http://172.17.0.1:8080', [['local', { url: 'http://other' }]], 'local')).toBe('local-8080');
  });

  it('is the name of the context with this address', () => {
    expect(contextNameOf('https://gpu.example', [['big', { url: 'https://gpu.example' }]])).toBe('big');
  });

  it('never replaces another server', () => {
    const taken = (names: string[]): [string, { url: string }][] =>
      names.map((name) => [name, { url: 'http://other' }]);
    expect(contextNameOf('http://127.0.0.1:9000', taken(['local']))).toBe('local-9000');
    expect(contextNameOf('https://gpu.example', taken(['gpu.example']))).toBe('gpu.example-https');
    expect(contextNameOf('http://127.0.0.1:9000', taken(['local', 'local-9000']))).toBe('local-9000-2');
  });
});
