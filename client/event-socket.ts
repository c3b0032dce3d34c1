import type { WebSocketConstructor, WebSocketLike } from './options.ts';
import type { Timing } from './timing.ts';

/** How a WebSocket ended. */
export interface SocketEnd {
  /** `null`: the socket never opened; `silent`: no message came, so the connection may be dead. */
  code: number | 'silent' | null;
  reason: string;
}

/** Most unread messages. A caller that reads too slowly loses the connection, and resumes. */
const MOST_UNREAD = 10_000;
const NORMAL = 1000;
/** The code of a WebSocket that ended without a close frame. */
export const ABNORMAL = 1006;

export interface EventSocketParts {
  WebSocket: WebSocketConstructor;
  url: string;
  protocols: string[];
  /** Returns the first message to send, once the socket is open. */
  greeting: () => string;
  timing: Timing;
  /** Seconds within which the socket must open; 0: no limit. */
  timeout: number;
  /** Seconds without a message after which the socket is closed. */
  silence: number;
  /** Called when the socket is open, before the first message is yielded. */
  onOpen: () => void;
  signal: AbortSignal | undefined;
}

/** A source of the messages of one WebSocket, from its handshake to its end. */
export class EventSocket {
  readonly #socket: WebSocketLike;
  readonly #unread: string[] = [];
  readonly #timing: Timing;
  readonly #silence: number;
  readonly #onOpen: () => void;
  #isOpen = false;
  #hasCalledOnOpen = false;
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
      this.#socket.send(greeting());
      this.#wake();
    });
    this.#socket.addEventListener('message', ({ data }) => this.#take(data));
    this.#socket.addEventListener('close', ({ code, reason }) => this.#over(this.#isOpen ? code : null, reason));
    // Some platforms send `error` without `close`.
    this.#socket.addEventListener('error', () => this.#over(this.#isOpen ? ABNORMAL : null, ''));
  }

  /** Sends a message, unless the socket is not open: then the greeting says it. */
  send(message: string): void {
    if (this.#isOpen && this.#end === null) this.#socket.send(message);
  }

  /** Yields the messages, and returns how the socket ended. */
  async *messages(): AsyncGenerator<string, SocketEnd> {
    try {
      for (;;) {
        if (this.#isOpen && !this.#hasCalledOnOpen) {
          this.#hasCalledOnOpen = true;
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
    if (this.#unread.length > MOST_UNREAD) this.#over(ABNORMAL, 'messages were not read');
    this.#wake();
  }

  /** Restarts the timer for silence. */
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
