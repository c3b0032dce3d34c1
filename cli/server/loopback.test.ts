import { describe, expect, it } from 'vitest';
import { isLoopback } from './loopback.ts';

describe('isLoopback', () => {
  it.each(['http://localhost:8080', 'http://127.0.0.1', 'http://127.9.9.9:1/x', 'https://[::1]:8080'])(
    'accepts %s',
    (url) => {
      expect(isLoopback(url)).toBe(true);
    },
  );

  it.each(['http://127.0.0.1.example', 'http://gpu.example', 'http://128.0.0.1', 'http://localhost.example'])(
    'refuses %s',
    (url) => {
      expect(isLoopback(url)).toBe(false);
    },
  );
});
