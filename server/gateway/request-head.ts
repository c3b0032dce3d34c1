import type { RawHeaders } from './headers.ts';

// eslint-disable-next-line no-control-regex
const FORBIDDEN = /[\r\n\0]|[^\0-\xff]/;
const TARGET = /^[\x21-\xff]+$/;

/**
 * Builds the head of a request as sent over the connection, one character for each byte.
 *
 * @throws {TypeError} for a value that would be read as several headers or lines; Node's parser rejects these from callers
 */
export function requestHead(method: string, target: string, headers: RawHeaders): string {
  if (!TARGET.test(target)) throw new TypeError('the target is empty or has an invalid character');
  let head = `${method} ${target} HTTP/1.1\r\n`;
  for (let index = 0; index + 1 < headers.length; index += 2) head += fieldLine(headers[index], headers[index + 1]);
  return `${head}\r\n`;
}

/** Builds the end of a chunked body. @throws {TypeError} like {@link requestHead} */
export function chunkedEnd(trailers: readonly (readonly [string, string])[]): string {
  let end = '0\r\n';
  for (const [name, value] of trailers) end += fieldLine(name, value);
  return `${end}\r\n`;
}

function fieldLine(name = '', value = ''): string {
  if (FORBIDDEN.test(value)) throw new TypeError('a header has an invalid character');
  return `${name}: ${value}\r\n`;
}
