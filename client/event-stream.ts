import { excerpt, objectOf } from './answer-error.ts';
import { ConnectionError, errorOf, ProtocolError, UnauthorizedError, type LlamactlError } from './errors.ts';
import { EventPlace } from './event-place.ts';
import { ABNORMAL, EventSocket, type SocketEnd } from './event-socket.ts';
import { Subscription, type EventWishes } from './event-wishes.ts';
import type { Frame } from './models.ts';
import type { StreamOptions, WebSocketConstructor } from './options.ts';
import { Resumption } from './resumption.ts';
import { retryDelay } from './retry.ts';
import { pause } from './timing.ts';
import type { Transport } from './transport.ts';

/** Which events to yield, and from when. */
export interface EventsOptions extends StreamOptions, EventWishes {
  /** Start with the events after this one; 0: with all kept events. Default: only new events. */
  after_seq?: number | undefined;
}

const PROTOCOL = 'llamactl.v1';
/**
 * Seconds without an event after which a new connection replaces the old one, without missing events. The old one may be
 * dead without a close frame (a laptop that slept, a router that dropped it). Browsers do not report the server's pings.
 */
const SILENCE = 120;
/** Close codes after which retrying does not help. */
const REFUSALS = new Set([1002, 1003, 1007, 1008, 1009, 1010]);
const UNAUTHORIZED = 4401;

/** Events as they happen, and the means to change which. */
export interface EventStream extends AsyncGenerator<Frame, void, void> {
  /** Replaces the subscription, also on the open connection: no event is missed for it. */
  subscribe(wishes: EventWishes): void;
}

/**
 * Yields events as they happen. The stream resumes after lost connections and restarts of the server, without missing or
 * repeated events. Events that the server no longer keeps appear as a `gap`.
 *
 * @param WebSocket `undefined`: the platform has no WebSocket.
 */
export function streamEvents(
  transport: Transport,
  WebSocket: WebSocketConstructor | undefined,
  options: EventsOptions,
): EventStream {
  const subscription = new Subscription(options);
  const frames = framesOfAll(transport, WebSocket, options, subscription);
  return Object.assign(frames, { subscribe: (wishes: EventWishes) => subscription.replace(wishes) });
}

async function* framesOfAll(
  transport: Transport,
  WebSocket: WebSocketConstructor | undefined,
  options: EventsOptions,
  subscription: Subscription,
): AsyncGenerator<Frame, void, void> {
  if (WebSocket === undefined) {
    throw new TypeError(
      'This platform has no WebSocket. Use Node 22 or later, or pass the WebSocket of the package `ws`: new Client({ WebSocket }).',
    );
  }
  const { signal } = options;
  const place = new EventPlace(subscription, options.after_seq ?? null);
  const resumption = new Resumption(transport, options);
  let hasBeenOpen = false;
  let retries = 0;
  let isFreshToken = !transport.isTokenAsked;
  /** Resolves when it is time to reconnect. Until the first connection, the retries of ordinary requests apply. */
  const failed = async (error: unknown): Promise<void> => {
    if (hasBeenOpen) return resumption.failed(error);
    const failure = { method: 'GET', error, retries, isLasting: false };
    const delay = retryDelay(failure, transport.retries, transport.timing.random());
    if (delay === null) throw error;
    retries += 1;
    await pause(transport.timing, delay, signal);
  };
  for (;;) {
    signal?.throwIfAborted();
    let token: string | null;
    try {
      token = await transport.token(signal);
    } catch (error) {
      signal?.throwIfAborted();
      await failed(error);
      continue;
    }
    const socket = new EventSocket({
      WebSocket,
      url: `${transport.address.replace(/^http/, 'ws')}/api/ws?after_seq=${place.afterSeq}`,
      protocols: protocolsWith(token),
      greeting: () => subscription.greeting(),
      timing: transport.timing,
      timeout: transport.timeout,
      silence: SILENCE,
      onOpen: () => options.onOpen?.(),
      signal,
    });
    subscription.onChange = (message) => socket.send(message);
    const end = yield* framesOf(socket, { place, subscription, resumption, address: transport.address, signal });
    if (end.code === null) {
      const error = await refusal(transport, token, signal);
      if (error instanceof UnauthorizedError && !isFreshToken) isFreshToken = true;
      else await failed(error);
      continue;
    }
    hasBeenOpen = true;
    isFreshToken = !transport.isTokenAsked;
    // After a close frame or silence, a gap would have come already: it is the first frame of a connection.
    if (end.code !== ABNORMAL) place.waited();
    if (end.code === 'silent') {
      resumption.succeeded();
    } else if (end.code === UNAUTHORIZED && transport.isTokenAsked) {
      // The token expired after the handshake. The next handshake checks the next token.
      await resumption.ended();
    } else await failed(ending(end, end.code, transport.address));
  }
}

interface FramesContext {
  place: EventPlace;
  subscription: Subscription;
  resumption: Resumption;
  address: string;
  signal: AbortSignal | undefined;
}

/** Yields the wanted events of one connection. @returns How the connection ended. */
async function* framesOf(
  socket: EventSocket,
  { place, subscription, resumption, address, signal }: FramesContext,
): AsyncGenerator<Frame, SocketEnd, void> {
  const messages = socket.messages();
  try {
    for (;;) {
      const next = await messages.next();
      signal?.throwIfAborted();
      if (next.done === true) return next.value;
      const frame = frameOf(next.value, address);
      resumption.succeeded();
      subscription.take(frame);
      if (place.take(frame)) yield frame;
    }
  } finally {
    await messages.return({ code: null, reason: '' });
  }
}

/** @throws {TypeError} If the token has characters that a subprotocol cannot have (RFC 9110, 5.6.2). */
function protocolsWith(token: string | null): string[] {
  if (token === null) return [PROTOCOL];
  if (/^[\w!#$%&'*+.^`|~-]+$/.test(token)) return [PROTOCOL, `bearer.${token}`];
  throw new TypeError('The token has characters that a WebSocket cannot send. Tokens of llamactl do not have them.');
}

function frameOf(message: string, url: string): Frame {
  const frame = objectOf(message);
  if (frame !== null && 'type' in frame && 'seq' in frame) return frame as Frame;
  throw new ProtocolError(`${url} sent a message that is not an event: ${excerpt(message)}`, { url });
}

/**
 * Finds out why a WebSocket did not open. Platforms do not report it, but an ordinary request gets the same error.
 *
 * @param token The token of the handshake.
 */
async function refusal(transport: Transport, token: string | null, signal: AbortSignal | undefined): Promise<Error> {
  const url = `${transport.address}/api/ws`;
  try {
    await transport.text({ method: 'GET', path: '/api/ws', token, otherStatuses: [400, 426], retries: 0, signal });
  } catch (error) {
    signal?.throwIfAborted();
    if (!(error instanceof Error)) throw error;
    return error;
  }
  const message = `${url} answers, but does not open a WebSocket. Does a proxy in between support WebSockets?`;
  return new ConnectionError(message, { url });
}

function ending({ reason }: SocketEnd, code: number, address: string): Error {
  const said = reason === '' ? '' : `: ${reason}`;
  if (code === UNAUTHORIZED) return unauthorized(reason);
  if (REFUSALS.has(code)) return new ProtocolError(`${address} ended the events (${code})${said}`, { url: address });
  return new ConnectionError(`The events of ${address} ended (${code})${said}`, { url: address });
}

function unauthorized(reason: string): LlamactlError {
  const message = reason === '' ? 'The token is no longer valid; log in again.' : reason;
  const none = { details: '', requestId: null, problems: [], reason: undefined, retryAfter: null };
  return errorOf(message, { status: 401, code: 'TOKEN_EXPIRED', ...none });
}
