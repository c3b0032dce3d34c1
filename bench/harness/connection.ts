import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** An answer, and the time from the first byte sent to the last byte received. */
export interface TimedAnswer {
  status: number;
  /** Status line and header lines. */
  head: string;
  body: Buffer;
  ms: number;
}

const HEAD_END = Buffer.from('\r\n\r\n');

/**
 * One HTTP connection that is kept open, one request at a time. A client of few lines, because its own time is in every
 * latency that it measures: it knows `Content-Length` and nothing else.
 */
export class Connection {
  readonly #socket: Socket;
  readonly #fields: string;

  private constructor(socket: Socket, fields: string) {
    this.#socket = socket;
    this.#fields = fields;
    // a fault comes with a close, which is looked at
    socket.on('error', () => undefined);
  }

  /**
   * @param fields header lines of every request, each with its end
   * @throws {Error} If no process listens.
   */
  static async open(port: number, fields = ''): Promise<Connection> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    await once(socket, 'connect');
    return new Connection(socket, fields);
  }

  /** @throws {Error} when the connection ends before the answer does */
  async request(method: string, url: string, body?: unknown): Promise<TimedAnswer> {
    const content = body === undefined ? '' : JSON.stringify(body);
    const headers = body === undefined ? '' : `Content-Type: application/json\r\n`;
    const length = `Content-Length: ${Buffer.byteLength(content)}\r\n`;
    const head = `${method} ${url} HTTP/1.1\r\nHost: 127.0.0.1\r\n${this.#fields}${headers}${length}\r\n`;
    const message = head + content;
    const start = performance.now();
    const whole = this.#answer(method === 'HEAD');
    this.#socket.write(message);
    const answer = await whole;
    return { ...answer, ms: performance.now() - start };
  }

  /** The other side has not closed it. */
  get isOpen(): boolean {
    return !this.#socket.destroyed && this.#socket.writable;
  }

  close(): void {
    this.#socket.destroy();
  }

  #answer(isHead: boolean): Promise<Omit<TimedAnswer, 'ms'>> {
    const { promise, resolve, reject } = Promise.withResolvers<Omit<TimedAnswer, 'ms'>>();
    const chunks: Buffer[] = [];
    let received = 0;
    let head: Head | null = null;
    const onData = (chunk: Buffer): void => {
      chunks.push(chunk);
      received += chunk.length;
      try {
        head ??= headOf(Buffer.concat(chunks), isHead);
      } catch (error) {
        reject(error instanceof Error ? error : new Error(String(error)));
      }
      if (head === null || received < head.bytes + head.length) return;
      resolve({ status: head.status, head: head.text, body: Buffer.concat(chunks).subarray(head.bytes) });
    };
    const onClose = (): void => reject(new Error('the connection ended before the answer'));
    this.#socket.on('data', onData).on('close', onClose);
    if (this.#socket.destroyed) onClose();
    return promise.finally(() => this.#socket.off('data', onData).off('close', onClose));
  }
}

interface Head {
  status: number;
  text: string;
  bytes: number;
  /** Bytes of the body that follows. */
  length: number;
}

/** `null`: not here yet. @param isBare No body follows, whatever the length */
function headOf(bytes: Buffer, isBare: boolean): Head | null {
  const end = bytes.indexOf(HEAD_END);
  if (end === -1) return null;
  const text = bytes.toString('latin1', 0, end);
  const status = Number(text.split(' ', 2)[1]);
  const length = isBare || status === 304 ? '0' : /^content-length: (\d+)$/im.exec(text)?.[1];
  if (length === undefined) throw new Error(`an answer without Content-Length: ${text}`);
  return { status, text, bytes: end + HEAD_END.length, length: Number(length) };
}

/** Sends one request on a new connection; `null`: no process listens, or the connection broke. */
export async function askOnce(port: number, url: string): Promise<TimedAnswer | null> {
  let connection: Connection | null = null;
  try {
    connection = await Connection.open(port);
    return await connection.request('GET', url);
  } catch (error) {
    if (error instanceof Error) return null;
    throw error;
  } finally {
    connection?.close();
  }
}
