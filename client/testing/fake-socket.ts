import type { WebSocketConstructor, WebSocketLike } from '../options.ts';

type Listener = (event: never) => void;

/** A WebSocket whose other end is the test. */
export class FakeSocket implements WebSocketLike {
  readonly sent: string[] = [];
  readonly url: string;
  readonly protocols: string[];
  closedWith: number | null = null;
  readonly #listeners: [type: string, listener: Listener][] = [];

  constructor(url: string, protocols: string[]) {
    this.url = url;
    this.protocols = protocols;
  }

  addEventListener(type: string, listener: Listener): void {
    this.#listeners.push([type, listener]);
  }

  send(text: string): void {
    this.sent.push(text);
  }

  close(code = 1000): void {
    this.closedWith ??= code;
  }

  open(): void {
    this.#tell('open', {});
  }

  message(frame: object): void {
    this.#tell('message', { data: JSON.stringify(frame) });
  }

  end(code: number, reason = ''): void {
    this.#tell('close', { code, reason });
  }

  /** The handshake was refused. */
  refuse(): void {
    this.#tell('error', {});
    this.end(1006);
  }

  #tell(type: string, event: object): void {
    for (const [wanted, listener] of this.#listeners) if (wanted === type) listener(event as never);
  }
}

/** Makes sockets, and hands each to what was planned for it as soon as it has listeners. */
export function fakeSockets(...plans: ((socket: FakeSocket) => void)[]): {
  WebSocket: WebSocketConstructor;
  made: FakeSocket[];
} {
  const made: FakeSocket[] = [];
  class Planned extends FakeSocket {
    constructor(url: string, protocols: string[]) {
      super(url, protocols);
      const plan = plans[made.length];
      made.push(this);
      queueMicrotask(() => plan?.(this));
    }
  }
  return { WebSocket: Planned, made };
}
