/**
 * An engine that takes its time. `node paced-engine.ts PORT LOADING_MS`
 *
 * It is healthy after a given delay. What is posted to it is answered with as many events as `max_tokens` says, one every 20 ms; where
 * `held` is true, the first is followed by the others after a POST to /go.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';

const PACE_MS = 20;
const [, , port, loading] = process.argv;
const readyAt = performance.now() + Number(loading);
/** The newest answer that is held. */
let resumed = Promise.withResolvers<void>();

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.method === 'GET') {
    response.writeHead(performance.now() < readyAt ? 503 : 200).end('{}');
    return;
  }
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  if (request.url === '/go') {
    resumed.resolve();
    response.end();
    return;
  }
  const { max_tokens: count, held = false } = JSON.parse(Buffer.concat(pieces).toString()) as {
    max_tokens: number;
    held?: boolean;
  };
  if (held) resumed = Promise.withResolvers();
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  for (let index = 0; index < count && !response.destroyed; index += 1) {
    response.write(`data: ${index}\n\n`);
    await (held && index === 0 ? resumed.promise : pause(PACE_MS));
  }
  response.end('data: [DONE]\n\n');
}

createServer((request, response) => void answer(request, response)).listen(Number(port), '127.0.0.1');
