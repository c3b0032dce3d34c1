import { createServer, type Socket } from 'node:net';

/**
 * An engine that costs as little as it can: it answers every request with the same 300 bytes of JSON as soon as its body
 * has come, and one that asks for `"stream":true` with 20 tokens a second, each with the moment it was sent at, until the
 * connection ends.
 *
 *     node canned-engine.ts PORT
 */

const TICK_MS = 50;
const HEAD_END = Buffer.from('\r\n\r\n');
const STREAM = Buffer.from('"stream":true');
const BODY = JSON.stringify({ id: 'chatcmpl-0', object: 'chat.completion', text: 'x'.repeat(245) });
const ANSWER = Buffer.from(
  `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${BODY.length}\r\n\r\n${BODY}`,
);
const STREAM_HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n';

/** A request that is coming in. */
interface Incoming {
  head: Buffer;
  /** Bytes of the body still to come; `null`: the head has not ended. */
  missing: number | null;
  isStream: boolean;
}

function begin(): Incoming {
  return { head: Buffer.alloc(0), missing: null, isStream: false };
}

function take(socket: Socket, incoming: Incoming, bytes: Buffer): Incoming {
  let rest = bytes;
  if (incoming.missing === null) {
    const all = incoming.head.length === 0 ? bytes : Buffer.concat([incoming.head, bytes]);
    const end = all.indexOf(HEAD_END);
    if (end === -1) return { ...incoming, head: all };
    const length = /^content-length: (\d+)/im.exec(all.toString('latin1', 0, end))?.[1];
    incoming.missing = Number(length ?? 0);
    rest = all.subarray(end + HEAD_END.length);
  }
  if (rest.length < 4_096 && rest.includes(STREAM)) incoming.isStream = true;
  incoming.missing -= rest.length;
  if (incoming.missing > 0) return incoming;
  if (incoming.isStream) stream(socket);
  else socket.write(ANSWER);
  return begin();
}

function stream(socket: Socket): void {
  socket.write(STREAM_HEAD);
  const send = (): void => {
    const event = `data: {"choices":[{"index":0,"delta":{"content":" token"}}],"id":"chatcmpl-0","object":"chat.completion.chunk","sent":${process.hrtime.bigint()}}\n\n`;
    socket.write(`${event.length.toString(16)}\r\n${event}\r\n`);
  };
  // streams that began together do not go on together
  let timer = setTimeout(() => {
    timer = setInterval(send, TICK_MS);
  }, Math.random() * TICK_MS);
  socket.once('close', () => clearTimeout(timer));
}

createServer({ noDelay: true }, (socket) => {
  let incoming = begin();
  socket.on('error', () => socket.destroy());
  socket.on('data', (bytes) => {
    incoming = take(socket, incoming, bytes);
  });
}).listen({ port: Number(process.argv[2]), host: '127.0.0.1', backlog: 2_048 });
