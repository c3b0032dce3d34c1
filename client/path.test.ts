import { describe, expect, it } from 'vitest';
import { path } from './path.ts';

describe('a path from a template', () => {
  it('carries a name as one step, whatever stands in it', () => {
    expect(path`/api/instances/${'a'}/start`).toBe('/api/instances/a/start');
    expect(path`/api/instances/${'../users'}`).toBe('/api/instances/..%2Fusers');
    expect(path`/api/users/${'a?b#c d%é'}`).toBe('/api/users/a%3Fb%23c%20d%25%C3%A9');
    expect(path`/a/${'x'}/b/${'y'}`).toBe('/a/x/b/y');
    expect(path`/a/${'\uD800'}`).toBe('/a/%EF%BF%BD');
  });

  it.each(['', '.', '..'])('refuses %j, which would lead elsewhere', (name) => {
    expect(() => path`/api/instances/${name}`).toThrow(
      new TypeError(`"${name}" is no name: it must begin with a letter or digit.`),
    );
  });
});
