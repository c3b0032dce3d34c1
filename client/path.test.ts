import { describe, expect, it } from 'vitest';
import { path } from './path.ts';

describe('path from a template', () => {
  it('encodes a name as one segment, whatever its characters', () => {
    expect(path`/api/instances/${'a'}/start`).toBe('/api/instances/a/start');
    expect(path`/api/instances/${'../users'}`).toBe('/api/instances/..%2Fusers');
    expect(path`/api/users/${'a?b#c d%é'}`).toBe('/api/users/a%3Fb%23c%20d%25%C3%A9');
    expect(path`/a/${'x'}/b/${'y'}`).toBe('/a/x/b/y');
    expect(path`/a/${'\uD800'}`).toBe('/a/%EF%BF%BD');
  });

  it.each(['', '.', '..'])('refuses %j, which would lead to another path', (name) => {
    expect(() => path`/api/instances/${name}`).toThrow(
      new TypeError(`"${name}" is not a name: it must begin with a letter or digit.`),
    );
  });
});
