import type { RawHeaders } from './headers.ts';

// eslint-disable-next-line no-control-regex
const FORBIDDEN = /[\r\n\0]|[^\0-\xff]/;
const TARGET = /^[\x21-\xff]+$/;

/**
 * The head of a request as it goes over the wire, one byte a character.
 *
 * @throws {TypeError} for what would be read as more than one header or line; the parser of callers lets nothing such in
 */
export function requestHead(method: string, target: string, headers: RawHeaders): string {
  if (!TARGET.test(target)) throw new TypeError('a target that would not be read as one');
  let head = `${method} ${target} HTTP/1.1\r\n`;
  for (let index = 0; index + 1 < headers.length; index += 2) head += fieldLine(headers[index], headers[index + 1]);
  return `${head}\r\n`;
}

/** What ends a body of chunks. @throws {TypeError} as above */
export function chunkedEnd(trailers: readonly (readonly [string, string])[]): string {
  let end = '0\r\n';
  for (const [name, value] of trailers) end += fieldLine(name, value);
  return `${end}\r\n`;
}

function fieldLine(name = '', value = ''): string {
  if (FORBIDDEN.test(value)) throw new TypeError('a header that would be read as two');
  return `${name}: ${value}\r\n`;
}
