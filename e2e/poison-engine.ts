/**
 * A program that is called as llama-server is, and that one prompt kills. `node poison-engine.ts FOLDER --port N …`
 *
 * Its first run keeps every request without an answer. Later runs answer each with the body that came. In every run a body
 * that holds `poison` ends the program at once, by SIGKILL. FOLDER remembers that there was a first run.
 */
import { existsSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import path from 'node:path';

const [folder = '', ...flags] = process.argv.slice(2);

/** The argv that calls this program with a folder of its own. */
export function poisonEngineCommand(folder: string): { command: string; args: string[] } {
  return { command: process.execPath, args: [import.meta.filename, folder] };
}

async function answer(isFirst: boolean, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.method === 'GET') {
    response.end('{"status":"ok"}');
    return;
  }
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  const body = Buffer.concat(pieces).toString();
  if (body.includes('poison')) process.kill(process.pid, 'SIGKILL');
  if (!isFirst) response.writeHead(200, { 'content-type': 'application/json' }).end(body);
}

function main(): void {
  const port = flags.indexOf('--port') + 1;
  if (port === 0) {
    // It is asked for its version or its flags.
    process.stdout.write('version: 1 (poison)\n');
    return;
  }
  const trace = path.join(folder, 'first-run');
  const isFirst = !existsSync(trace);
  writeFileSync(trace, '');
  createServer((request, response) => void answer(isFirst, request, response)).listen(Number(flags[port]), '127.0.0.1');
}

if (import.meta.main) main();
