import type { IncomingMessage, ServerResponse } from 'node:http';

/** A request that another server answers: it goes there as it is, but for what is given here. */
export interface PassedRequest {
  request: IncomingMessage;
  response: ServerResponse;
  /** What came behind the header of a request for WebSocket; `null`: it is for none. */
  head: Buffer | null;
  /** Path and query, the base path included. */
  url: string;
  /** Its body where it was read already; `null`: it has none any more. Left out: it is still to be read. */
  body?: Buffer | null;
  /** What it wants was done here, or before: only the outcome is waited for. */
  isBegun: boolean;
}

/** Where a request is held while this server is being replaced, and passed on to the next. */
export interface Turnstile {
  /** Requests are served here. */
  readonly isOpen: boolean;
  /**
   * A request is being served that cannot be handed over in the middle.
   *
   * @param isAnswered Whether all that is left is to send what is there: nobody waits for that.
   * @returns to be called when it is over; more calls do nothing
   */
  enter(isAnswered: () => boolean): () => void;
  /** Holds a request as long as it must, and has another server answer it. Resolves when that is over. */
  passOn(passed: PassedRequest): Promise<void>;
}

/** Where nobody is ever replaced. */
export const OPEN_TURNSTILE: Turnstile = {
  isOpen: true,
  enter: () => () => undefined,
  passOn: () => Promise.reject(new Error('a request was passed on by a server that is not replaced')),
};
