import type { WebSocketConstructor, WebSocketLike } from './options.ts';
import type { Timing } from './timing.ts';

/** How a WebSocket ended. */
export interface SocketEnd {
  /** `null`: it was never open. */
  code: number | null;
  reason: string;
}

/** What has to be read before more is taken: whoever reads too slowly loses the connection, and resumes. */
const MOST_UNREAD = 10_000;
const NORMAL = 1000;
/** What a WebSocket ends with that ended without a word. */
const ABNORMAL = 1006;

export interface EventSocketParts {
  WebSocket: WebSocketConstructor;
  url: string;
  protocols: string[];
  /** Sent first. */
  greeting: string;
  timing: Timing;
  /** Seconds until it has to be open; 0: for ever. */
  timeout: number;
  signal: AbortSignal | undefined;
}

/** One WebSocket, from its handshake to its end, as a source of messages. */
export class EventSocket {
  readonly #socket: WebSocketLike;
  readonly #unread: string[] = [];
  #isOpen = false;
  #end: SocketEnd | null = null;
  #wake = (): void => undefined;
  #letGo = (): void => undefined;

  constructor({ WebSocket, url, protocols, greeting, timing, timeout, signal }: EventSocketParts) {
    this.#socket = new WebSocket(url, protocols);
    const onAbort = (): void => this.#over(NORMAL, '');
    const cancel = timeout > 0 ? timing.after(timeout, () => this.#over(null, 'not open in time')) : () => undefined;
    this.#letGo = () => {
      cancel();
      signal?.removeEventListener('abort', onAbort);
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    this.#socket.addEventListener('open', () => {
      cancel();
      if (this.#end !== null) return;
      this.#isOpen = true;
      this.#socket.send(greeting);
    });
    this.#socket.addEventListener('message', ({ data }) => this.#take(data));
    this.#socket.addEventListener('close', ({ code, reason }) => this.#over(this.#isOpen ? code : null, reason));
    // Some end with this alone.
    this.#socket.addEventListener('error', () => this.#over(this.#isOpen ? ABNORMAL : null, ''));
  }

  /** The messages that come, until the end, which is returned. */
  async *messages(): AsyncGenerator<string, SocketEnd> {
    try {
      for (;;) {
        const message = this.#unread.shift();
        if (message !== undefined) yield message;
        else if (this.#end !== null) return this.#end;
        else await new Promise<void>((resolve) => (this.#wake = resolve));
      }
    } finally {
      this.#over(NORMAL, '');
    }
  }

  #take(data: unknown): void {
    if (this.#end !== null || typeof data !== 'string') return;
    this.#unread.push(data);
    if (this.#unread.length > MOST_UNREAD) this.#over(ABNORMAL, 'what came was not read');
    this.#wake();
  }

  #over(code: number | null, reason: string): void {
    if (this.#end !== null) return;
    this.#end = { code, reason };
    this.#letGo();
    this.#socket.close(NORMAL);
    this.#wake();
  }
}
