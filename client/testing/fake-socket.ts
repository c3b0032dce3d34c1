import type { WebSocketConstructor, WebSocketLike } from '../options.ts';

type Listener = (event: never) => void;

/** A fake WebSocket; the test plays the server. */
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
    this.#dispatch('open', {});
  }

  message(frame: object): void {
    this.#dispatch('message', { data: JSON.stringify(frame) });
  }

  end(code: number, reason = ''): void {
    this.#dispatch('close', { code, reason });
  }

  /** Fails the handshake. */
  refuse(): void {
    this.#dispatch('error', {});
    this.end(1006);
  }

  #dispatch(type: string, event: object): void {
    for (const [wanted, listener] of this.#listeners) if (wanted === type) listener(event as never);
  }
}

/** Creates fake sockets, and passes each to its plan as soon as it has listeners. */
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
