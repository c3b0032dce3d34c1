import { connect, type Socket } from 'node:net';

/**
 * Many clients of the WebSocket `/api/ws` that count the frames they get. Over IPC it reports how many are connected,
 * how many stats frames they got together, and how many the one got that got fewest.
 *
 *     node listeners.ts PORT COUNT
 */

const PING = 0x89;
/** Masked, as a client's frames are, with zeros; without content. */
const PONG = Buffer.from([0x8a, 0x80, 0, 0, 0, 0]);
/** Handshakes at a time: few enough that no listen queue overflows. */
const AT_A_TIME = 50;

const counts: number[] = [];
let connected = 0;

/** Counts frames without looking into them: this process shares the machine with what is measured. */
function count(socket: Socket, index: number): (chunk: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0);
  let skip = 0;
  return (chunk) => {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    rest = Buffer.alloc(0);
    let at = Math.min(skip, bytes.length);
    skip -= at;
    while (at < bytes.length) {
      const short = bytes.length > at + 1 ? (bytes[at + 1] ?? 0) : 0;
      const header = short === 127 ? 10 : short === 126 ? 4 : 2;
      if (bytes.length < at + header) {
        rest = bytes.subarray(at);
        return;
      }
      const length =
        header === 2 ? short : header === 4 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2));
      if (bytes[at] === PING) socket.write(PONG);
      else counts[index] = (counts[index] ?? 0) + 1;
      const end = at + header + length;
      skip = Math.max(0, end - bytes.length);
      at = Math.min(end, bytes.length);
    }
  };
}

function listen(port: number, index: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', reject);
    socket.on('close', () => {
      throw new Error('a connection of a listener ended');
    });
    socket.write(
      [
        'GET /api/ws HTTP/1.1',
        'Host: localhost',
        'Upgrade: websocket',
        'Connection: Upgrade',
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
        'Sec-WebSocket-Version: 13',
        '\r\n',
      ].join('\r\n'),
    );
    socket.once('data', (chunk: Buffer) => {
      const end = chunk.indexOf('\r\n\r\n') + 4;
      if (!chunk.toString('latin1').startsWith('HTTP/1.1 101')) {
        reject(new Error(chunk.toString()));
        return;
      }
      const take = count(socket, index);
      take(chunk.subarray(end));
      socket.on('data', take);
      connected += 1;
      resolve();
    });
  });
}

process.on('message', () => {
  process.send?.({
    connected,
    frames: counts.reduce((sum, each) => sum + each, 0),
    fewest: Math.min(...counts),
  });
});
process.on('disconnect', () => process.exit(0));

const [port, size] = process.argv.slice(2).map(Number);
for (let first = 0; first < (size ?? 0); first += AT_A_TIME) {
  const last = Math.min(first + AT_A_TIME, size ?? 0);
  const some = Array.from({ length: last - first }, (_, index) => first + index);
  for (const index of some) counts[index] = 0;
  await Promise.all(some.map((index) => listen(port ?? 0, index)));
}
