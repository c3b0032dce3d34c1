import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { RawAnswer } from '../server/testing/http-harness.ts';

/** Requests as the bytes that go over the wire, for those that no client library would send. */

/** A request with the header lines `lines`; `Host` is ours where they name none. It asks for the connection to end. */
export function request(line: string, lines: readonly string[] = [], body = ''): string {
  const host = lines.some((each) => /^host:/i.test(each)) ? [] : ['Host: localhost'];
  const length = body === '' ? [] : [`Content-Length: ${Buffer.byteLength(body)}`];
  return [`${line} HTTP/1.1`, ...host, ...lines, ...length, 'Connection: close', '', body].join('\r\n');
}

/** A request to switch to WebSocket. */
export const handshake = (path: string, ...lines: string[]): string =>
  [
    `GET ${path} HTTP/1.1`,
    ...(lines.some((line) => line.startsWith('Host:')) ? [] : ['Host: localhost']),
    'Upgrade: websocket',
    'Connection: Upgrade',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    ...lines,
    '',
    '',
  ].join('\r\n');

/** A connection with its first bytes. Errors end it. */
export function connected(port: number, bytes: string): Socket {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => socket.destroy());
  if (bytes !== '') socket.write(bytes);
  return socket;
}

/** An answer of any framing: until the connection ends, which the request has to ask for. */
export async function untilEnd(port: number, bytes: string): Promise<RawAnswer> {
  const socket = connected(port, bytes);
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(socket, 'close');
  const [head = '', ...rest] = Buffer.concat(chunks).toString('latin1').split('\r\n\r\n');
  const [line = '', ...fields] = head.split('\r\n');
  const headers = new Map(
    fields.map((field) => [field.split(':', 1)[0]?.toLowerCase() ?? '', field.replace(/^[^:]*: */, '')]),
  );
  return { status: Number(line.split(' ')[1]), headers, body: rest.join('\r\n\r\n') };
}
