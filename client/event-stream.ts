import { excerpt, objectOf } from './answer-error.ts';
import { ConnectionError, errorOf, ProtocolError, UnauthorizedError, type LlamactlError } from './errors.ts';
import { EventPlace } from './event-place.ts';
import { EventSocket, type SocketEnd } from './event-socket.ts';
import type { Frame, Subscribe } from './models.ts';
import type { StreamOptions, WebSocketConstructor } from './options.ts';
import { Resumption } from './resumption.ts';
import { retryDelay } from './retry.ts';
import { pause } from './timing.ts';
import type { Transport } from './transport.ts';

/** Which events are told. */
export interface EventsOptions extends StreamOptions {
  /** Names, in any case, also of instances still to come. Alerts of the whole system are told all the same. Default all. */
  instances?: Subscribe['instances'];
  /** Default all. */
  types?: Subscribe['types'];
  /** What was missed since this event comes first; 0: all that is kept. Default: from now on. */
  after_seq?: number | undefined;
}

const PROTOCOL = 'llamactl.v1';
/**
 * Seconds without an event after which a connection is replaced by another, which misses nothing: the other end may be
 * gone without a word (a laptop that slept, a router that forgot), and a browser does not tell of the server's pings.
 */
const SILENCE = 120;
/** What a server closes with, and what more of the same would only repeat. */
const REFUSALS = new Set([1002, 1003, 1007, 1008, 1009, 1010]);
const UNAUTHORIZED = 4401;

/**
 * What happens, as it happens, over lost connections and restarts of the server, with nothing missing and nothing twice.
 * Events that the server does not have any more are told as a `gap`.
 *
 * @param WebSocket `undefined`: this platform has none.
 */
export async function* streamEvents(
  transport: Transport,
  WebSocket: WebSocketConstructor | undefined,
  options: EventsOptions,
): AsyncGenerator<Frame, void, void> {
  if (WebSocket === undefined) {
    throw new TypeError(
      'This platform has no WebSocket. Node has one from version 22 on; before, give the client one: new Client({ WebSocket }), with that of the package `ws`.',
    );
  }
  const { instances, types, signal } = options;
  const place = new EventPlace({ instances, types }, options.after_seq ?? null);
  const resumption = new Resumption(transport, options);
  const greeting = JSON.stringify({ type: 'subscribe', instances, types });
  let hasBeenOpen = false;
  let retries = 0;
  let isFreshToken = !transport.isTokenAsked;
  /** Resolves when it is time to try again: what was open is resumed, the first connection is a request like any other. */
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
      greeting,
      timing: transport.timing,
      timeout: transport.timeout,
      silence: SILENCE,
      onOpen: () => options.onOpen?.(),
      signal,
    });
    const end = yield* framesOf(socket, { place, resumption, address: transport.address, signal });
    if (end.code === null) {
      const error = await refusal(transport, token, signal);
      if (error instanceof UnauthorizedError && !isFreshToken) isFreshToken = true;
      else await failed(error);
      continue;
    }
    hasBeenOpen = true;
    isFreshToken = !transport.isTokenAsked;
    if (end.code === 'silent') {
      place.waited();
      resumption.succeeded();
    } else if (end.code === UNAUTHORIZED && transport.isTokenAsked) {
      // It was taken when the handshake was; the next one is judged there too.
      await resumption.ended();
    } else await failed(ending(end, end.code, transport.address));
  }
}

interface FramesContext {
  place: EventPlace;
  resumption: Resumption;
  address: string;
  signal: AbortSignal | undefined;
}

/** What comes over one connection and is wanted. @returns how it ended */
async function* framesOf(
  socket: EventSocket,
  { place, resumption, address, signal }: FramesContext,
): AsyncGenerator<Frame, SocketEnd, void> {
  const messages = socket.messages();
  try {
    for (;;) {
      const next = await messages.next();
      signal?.throwIfAborted();
      if (next.done === true) return next.value;
      const frame = frameOf(next.value, address);
      resumption.succeeded();
      if (place.take(frame)) yield frame;
    }
  } finally {
    await messages.return({ code: null, reason: '' });
  }
}

/** @throws {TypeError} for what no subprotocol can hold (RFC 9110, 5.6.2): platforms refuse it too, in other words */
function protocolsWith(token: string | null): string[] {
  if (token === null) return [PROTOCOL];
  if (/^[\w!#$%&'*+.^`|~-]+$/.test(token)) return [PROTOCOL, `bearer.${token}`];
  throw new TypeError('The token holds characters that a WebSocket cannot carry, and no token of llamactl has.');
}

function frameOf(message: string, url: string): Frame {
  const frame = objectOf(message);
  if (frame !== null && 'type' in frame && 'seq' in frame) return frame as Frame;
  throw new ProtocolError(`${url} sent something that is no event: ${excerpt(message)}`, { url });
}

/**
 * Why a WebSocket was not opened: platforms do not tell, but an ordinary request is answered with the same error.
 *
 * @param token That of the handshake.
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
  const message = `${url} answers, but opens no WebSocket. Does a proxy on the way let them through?`;
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
