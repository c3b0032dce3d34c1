import { describe, expect, it } from 'vitest';
import { isLoopbackHost } from './loopback.ts';

describe('isLoopbackHost', () => {
  it.each(['127.0.0.1', '127.1.2.3', '::1', '0:0:0:0:0:0:0:1', '::ffff:127.0.0.1', 'localhost', 'LocalHost'])(
    'is true for %s',
    (host) => {
      expect(isLoopbackHost(host)).toBe(true);
    },
  );

  it.each([
    '0.0.0.0',
    '::',
    '::ffff:10.0.0.1',
    '192.168.1.2',
    '128.0.0.1',
    'localhost.example.com',
    '127.0.0.1.example.com',
    'gpu-box',
    '',
  ])('returns false for %s', (host) => {
    expect(isLoopbackHost(host)).toBe(false);
  });
});
