import { writeFile } from 'node:fs/promises';
import path from 'node:path';

/**
 * An engine whose answers are the bytes that a URL asks for. `?head=` holds the lines of the head, `?again=` those for a
 * request that has the answer cached. Its body is HTML and XML at once, with a script that writes down its origin.
 */
const PROGRAM = `
import { createServer } from 'node:net';
const BODY = '<html xmlns="http://www.w3.org/1999/xhtml"><body><script>' +
  "document.documentElement.setAttribute('data-ran', self.origin);" +
  '</script></body></html>';
createServer((socket) => {
  socket.on('error', () => socket.destroy());
  socket.once('data', (bytes) => {
    const text = String(bytes);
    const query = new URL(text.split(' ')[1], 'http://engine').searchParams;
    const isKnown = /^if-none-match:/im.test(text) && query.has('again');
    const lines = (isKnown ? query.get('again') : query.get('head') ?? '').split('|');
    const status = isKnown ? '304 Not Modified' : '200 OK';
    socket.end(['HTTP/1.1 ' + status, ...lines.filter((line) => line !== ''), 'Connection: close', '', isKnown ? '' : BODY].join('\\r\\n'));
  });
}).listen(Number(process.argv[2]), '127.0.0.1');
`;

/** Where a caller asks that engine for an answer. */
export function typedPath({ head, again }: { head: readonly string[]; again?: readonly string[] }): string {
  const query = new URLSearchParams({ head: head.join('|') });
  if (again !== undefined) query.set('again', again.join('|'));
  return `page?${query.toString()}`;
}

/** Writes the engine into a folder. @returns the `engines` of a configuration that knows it as `typed` */
export async function typedEngine(folder: string): Promise<string> {
  const file = path.join(folder, 'typed-engine.mjs');
  await writeFile(file, PROGRAM);
  const engine = { kind: 'custom', command: process.execPath, args: [file, '${PORT}'], health_path: '/' };
  return `engines: ${JSON.stringify({ typed: engine })}\n`;
}
