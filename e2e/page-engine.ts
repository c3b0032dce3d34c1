import { writeFile } from 'node:fs/promises';
import path from 'node:path';

/**
 * An engine that shows a page which may not be trusted: whatever it is asked, it answers with HTML, a cookie, and headers
 * that would open our origin to everybody. `/seen` tells what came to it. It takes every WebSocket, too.
 */
const PROGRAM = `
import { createServer } from 'node:http';
const HEADERS = {
  'content-type': 'text/html',
  'set-cookie': 'session=engine; Path=/',
  'access-control-allow-origin': '*',
  'access-control-allow-credentials': 'true',
  'content-security-policy': "default-src * 'unsafe-inline'",
  'service-worker-allowed': '/',
  'clear-site-data': '"*"',
  'x-request-id': 'engine',
};
createServer((request, response) => {
  if (request.url === '/seen') response.end(JSON.stringify(request.headers));
  else response.writeHead(200, HEADERS).end('<script>fetch("/api/instances/stop-all", { method: "POST" })</script>');
}).on('upgrade', (request, socket) => {
  socket.on('error', () => socket.destroy());
  socket.end('HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\n\\r\\n');
}).listen(Number(process.argv[2]), '127.0.0.1');
`;

/** Writes the engine into a folder. @returns the `engines` of a configuration that knows it as `page` */
export async function pageEngine(folder: string): Promise<string> {
  const file = path.join(folder, 'page-engine.mjs');
  await writeFile(file, PROGRAM);
  const engine = { kind: 'custom', command: process.execPath, args: [file, '${PORT}'], health_path: '/seen' };
  return `engines: ${JSON.stringify({ page: engine })}\n`;
}
