import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Lease } from '../instances/leases.ts';
import { answerLength, passBody, passed, requestLength } from './body.ts';
import { type RawHeaders, requestHeaders, requestTrailers, responseHeaders, responseTrailers } from './headers.ts';
import { callEngine, type EngineCall } from './upstream.ts';

/** One request on its way to an engine. */
export interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
  /** Path and query as the engine gets them, byte for byte. */
  path: string;
  /** The request's body where it had to be read to find the instance; `null`: it is still to be streamed. */
  body: Buffer | null;
  requestId: string;
  /** What we say with every answer. */
  headers: RawHeaders;
  /** Aborted when the caller has left. */
  callerSignal: AbortSignal;
}

/** The engine gave no answer; nothing has been sent to the caller yet. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
}

/**
 * Passes a request to the leased engine and its answer back, both as they come. Resolves when the last byte has passed,
 * or the answer broke off: then the caller's connection is broken too, because a clean end would make a truncated answer
 * look whole. Throws {@link NoAnswer} while the caller can still be told. In any case the connection to the engine is
 * closed, and the request's body is read or being discarded.
 */
export async function relay(exchange: Exchange, lease: Lease): Promise<void> {
  const { request, response, callerSignal } = exchange;
  const call = send(exchange, lease);
  call.sink.on('information', ({ statusCode }) => passInformation(statusCode, exchange));
  const letGo = upload(exchange, call);
  const signals = [callerSignal, lease.signal];
  for (const signal of signals) signal.addEventListener('abort', call.destroy, { once: true });
  if (signals.some((signal) => signal.aborted)) call.destroy();
  try {
    await download(await call.answer, exchange);
  } catch (error) {
    if (response.headersSent) breakConnection(exchange);
    else throw new NoAnswer('no answer from the engine', { cause: error });
  } finally {
    for (const signal of signals) signal.removeEventListener('abort', call.destroy);
    call.destroy();
    letGo();
    // The rest of a body that the engine did not want: read, so that the caller gets to the answer and the connection is
    // of use again.
    request.resume();
  }
}

function send({ request, path, body, requestId }: Exchange, { target }: Lease): EngineCall {
  const headers = requestHeaders(request.rawHeaders, {
    requestId,
    port: target.port,
    key: target.key,
    peer: request.socket.remoteAddress,
    body: body === null ? requestLength(request) : body.byteLength,
  });
  return callEngine({ port: target.port, method: request.method ?? 'GET', path, headers });
}

/** A sink that fails is told by the answer, which then fails too, or has come already and counts. */
function upload({ request, body }: Exchange, { sink }: EngineCall): () => void {
  if (body === null && requestLength(request) !== 'none') {
    // The engine may answer without waiting for the body, which may take its time.
    sink.flushHeaders();
    return passBody(request, sink, requestTrailers);
  }
  sink.end(body ?? undefined);
  return () => undefined;
}

async function download(answer: IncomingMessage, { response, headers }: Exchange): Promise<void> {
  const length = answerLength(answer);
  response.writeHead(
    answer.statusCode ?? 502,
    answer.statusMessage,
    responseHeaders(answer.rawHeaders, headers, length),
  );
  // A stream may be silent after its head; a body of known length brings its head along.
  if (length === null) response.flushHeaders();
  passBody(answer, response, responseTrailers);
  await passed(answer, response);
}

/**
 * 102 tells that the engine is still at work. 100 was ours to say, and has been said; 103 is about pages.
 * HTTP/1.0 knows none of them.
 */
function passInformation(status: number, { request, response }: Exchange): void {
  if (status === 102 && request.httpVersionMinor > 0 && !response.headersSent) response.writeProcessing();
}

/** Without chunks the end of an HTTP/1.0 answer is the end of the connection: only a reset tells it from a clean one. */
function breakConnection({ request, response }: Exchange): void {
  if (request.httpVersionMinor === 0) request.socket.resetAndDestroy();
  else response.destroy();
}
