import type { IncomingMessage, ServerResponse } from 'node:http';

/** A request that another server answers. It is passed on unchanged, except for the fields below. */
export interface PassedRequest {
  request: IncomingMessage;
  response: ServerResponse;
  /** Bytes after the header of a WebSocket handshake; `null`: not a WebSocket. */
  head: Buffer | null;
  /** Path and query, including the base path. */
  url: string;
  /** The body, if it was already read; `null`: read and empty. Left out: still unread. */
  body?: Buffer | null;
  /** Whether the command was already carried out here or by a predecessor, so that only the outcome is awaited. */
  isBegun: boolean;
}

/**
 * Counts requests in and out. While the server is being replaced, holds new requests and passes them to the successor.
 */
export interface Turnstile {
  /** True while requests are served here. */
  readonly isOpen: boolean;
  /**
   * Notes a request that cannot be handed over until it ends.
   *
   * @param isAnswered Whether only sending the answer is left; a hand-over does not wait for that.
   * @returns a function to call at the end; further calls do nothing
   */
  enter(isAnswered: () => boolean): () => void;
  /** Holds a request as long as necessary, then passes it to another server. Resolves when that server has answered. */
  passOn(passed: PassedRequest): Promise<void>;
}

/** The turnstile of a server that is never replaced. */
export const OPEN_TURNSTILE: Turnstile = {
  isOpen: true,
  enter: () => () => undefined,
  passOn: () => Promise.reject(new Error('a request was passed on by a server that is not replaced')),
};
