import type { WebSocketConstructor, WebSocketLike } from './options.ts';
import type { Timing } from './timing.ts';

/** How a WebSocket ended. */
export interface SocketEnd {
  /** `null`: it was never open; `silent`: nothing came for so long that it may be dead. */
  code: number | 'silent' | null;
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
  /** Seconds without a message after which it is ended. */
  silence: number;
  /** Told when it is open, before the first message. */
  onOpen: () => void;
  signal: AbortSignal | undefined;
}

/** One WebSocket, from its handshake to its end, as a source of messages. */
export class EventSocket {
  readonly #socket: WebSocketLike;
  readonly #unread: string[] = [];
  readonly #timing: Timing;
  readonly #silence: number;
  readonly #onOpen: () => void;
  #isOpen = false;
  #isOpenTold = false;
  #end: SocketEnd | null = null;
  #wake = (): void => undefined;
  #letGo = (): void => undefined;
  #cancel = (): void => undefined;

  constructor(parts: EventSocketParts) {
    const { WebSocket, url, protocols, greeting, timing, timeout, silence, onOpen, signal } = parts;
    this.#socket = new WebSocket(url, protocols);
    this.#timing = timing;
    this.#silence = silence;
    this.#onOpen = onOpen;
    const onAbort = (): void => this.#over(NORMAL, '');
    if (timeout > 0) this.#cancel = timing.after(timeout, () => this.#over(null, 'not open in time'));
    this.#letGo = () => signal?.removeEventListener('abort', onAbort);
    signal?.addEventListener('abort', onAbort, { once: true });
    this.#socket.addEventListener('open', () => {
      if (this.#end !== null) return;
      this.#isOpen = true;
      this.#listen();
      this.#socket.send(greeting);
      this.#wake();
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
        if (this.#isOpen && !this.#isOpenTold) {
          this.#isOpenTold = true;
          this.#onOpen();
        }
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
    this.#listen();
    this.#unread.push(data);
    if (this.#unread.length > MOST_UNREAD) this.#over(ABNORMAL, 'what came was not read');
    this.#wake();
  }

  /** From now on it is silent. */
  #listen(): void {
    this.#cancel();
    this.#cancel = this.#timing.after(this.#silence, () => this.#over('silent', ''));
  }

  #over(code: SocketEnd['code'], reason: string): void {
    if (this.#end !== null) return;
    this.#end = { code, reason };
    this.#cancel();
    this.#letGo();
    this.#socket.close(NORMAL);
    this.#wake();
  }
}
