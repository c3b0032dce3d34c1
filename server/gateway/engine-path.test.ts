import fc from 'fast-check';
import { expect, test } from 'vitest';
import { enginePath } from './headers.ts';

test.each([
  ['/api/instances/a/proxy', '/'],
  ['/api/instances/a/proxy/', '/'],
  ['/api/instances/a/proxy?x=/y', '/?x=/y'],
  ['/api/instances/a/proxy/v1/models?x=1', '/v1/models?x=1'],
  ['/api/instances/a/%70roxy/x', '/x'],
  ['/api/instances/a/proxy//double', '//double'],
])('%s reaches the engine as %s', (url, path) => {
  expect(enginePath(url)).toBe(path);
});

test('the path after /proxy/ stays unchanged, byte for byte', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[!-~]{0,60}$/), (rest) => {
      expect(enginePath(`/api/instances/some.name-1/proxy/${rest}`)).toBe(`/${rest}`);
    }),
    { examples: [['../../etc/passwd'], ['a%2f..%2fb'], ['%00'], ['./;a=1//b?c=d#e'], ['proxy/proxy/']] },
  );
});
