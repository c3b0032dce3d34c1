import { describe, expect, it } from 'vitest';
import { addressOf } from './address.ts';

describe('address of a server', () => {
  it.each([
    [undefined, 'http://127.0.0.1:8080'],
    ['http://gpu:9000/', 'http://gpu:9000'],
    ['localhost:8080', 'http://localhost:8080'],
    ['https://example.org/llm/', 'https://example.org/llm'],
    ['https://example.org/llm', 'https://example.org/llm'],
    ['http://127.0.0.1:8080/api', 'http://127.0.0.1:8080'],
    ['http://[::1]:8080/api/', 'http://[::1]:8080'],
    ['http://127.0.0.1:8080/v1', 'http://127.0.0.1:8080'],
    ['https://example.org/llm/v1/', 'https://example.org/llm'],
    ['https://example.org/api/api', 'https://example.org/api'],
    ['http://h/?a=b#c', 'http://h'],
  ])('of %s is %s', (given, address) => {
    expect(addressOf(given)).toBe(address);
  });

  it.each([
    ['', '"" is not an address'],
    ['http://', 'is not an address'],
    ['ftp://host', 'not an HTTP or HTTPS address'],
    ['http://eve:secret@host', 'Credentials belong into `token`'],
  ])('is not %j', (given, message) => {
    expect(() => addressOf(given)).toThrow(message);
  });
});
