import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** How a stream ended: whole, or broken off; and when (`performance.now()`). */
export interface StreamEnd {
  isWhole: boolean;
  at: number;
}

/** How an answer in chunks says that it is whole. */
const LAST_CHUNK = '\r\n0\r\n\r\n';

/** A streamed completion on a connection of its own, which is read as it comes. */
export class OpenStream {
  readonly end: Promise<StreamEnd>;
  readonly #socket: Socket;

  private constructor(socket: Socket, end: Promise<StreamEnd>) {
    this.#socket = socket;
    this.end = end;
  }

  /** Resolves with the first bytes of its answer. @throws {Error} when that is not 200 */
  static async open(port: number, body: object): Promise<OpenStream> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    // a fault comes with a close, which is looked at
    socket.on('error', () => undefined);
    let tail = '';
    let whole: number | null = null;
    socket.on('data', (chunk: Buffer) => {
      tail = (tail + chunk.toString('latin1')).slice(-LAST_CHUNK.length);
      if (tail === LAST_CHUNK) whole = performance.now();
    });
    const end = once(socket, 'close').then(() => ({ isWhole: whole !== null, at: whole ?? performance.now() }));
    const content = JSON.stringify(body);
    const head = ['POST /v1/completions HTTP/1.1', 'Host: 127.0.0.1', 'Content-Type: application/json'];
    socket.write(
      [...head, `Content-Length: ${Buffer.byteLength(content)}`, 'Connection: close', '', content].join('\r\n'),
    );
    const [first] = (await once(socket, 'data')) as [Buffer];
    if (!first.toString('latin1').startsWith('HTTP/1.1 200 '))
      throw new Error(`no stream: ${first.toString('latin1')}`);
    return new OpenStream(socket, end);
  }

  close(): void {
    this.#socket.destroy();
  }
}
