import { expect, it } from 'vitest';
import { isSameListener } from './same-listener.ts';

it.each([
  ['http://127.0.0.1:8080', 'http://127.0.0.1:8080/', true],
  ['http://localhost:8080', 'http://127.0.0.1:8080', true],
  ['http://127.0.0.2:8080', 'http://127.0.0.1:8080', true],
  ['http://localhost:8080', 'http://[::1]:8080', true],
  ['http://gpu.example:8080', 'http://gpu.example:8080', true],
  ['http://[::1]:8080', 'http://127.0.0.1:8080', false],
  ['http://localhost:8081', 'http://127.0.0.1:8080', false],
  ['https://localhost:8080', 'http://127.0.0.1:8080', false],
  ['http://localhost:8080/one', 'http://127.0.0.1:8080/two', false],
  ['http://gpu.example:8080', 'http://127.0.0.1:8080', false],
  ['nonsense', 'nonsense', false],
])('%s and %s name one listener: %s', (one, other, isOne) => {
  expect(isSameListener(one, other)).toBe(isOne);
  expect(isSameListener(other, one)).toBe(isOne);
});
