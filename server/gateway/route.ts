import type { IncomingMessage } from 'node:http';
import { ApiError } from '@llamactl/contract/errors';
import { requestLength } from './body.ts';
import { type Asked, askedOfForm, askedOfJson, modelOfQuery, noModel } from './model-name.ts';
import { boundaryOf } from './multipart.ts';
import type { ModelSource } from './rewriting.ts';

/** How much of a body is read to find `model` in it. */
export const LARGEST_READ_BODY = 64 * 1024 * 1024;

/** Which instance a request is for. */
export interface Route extends Asked {
  /** Where the model was named. */
  source: ModelSource;
  /** The body's bytes where they had to be read; `null`: the body is still to be streamed. */
  body: Buffer | null;
}

/**
 * Finds the `model` of a request: in the URL's query, which wins and leaves the body alone, else in the body: a form where
 * the content type says so, else JSON whatever it says: llama-server does not ask either, and `curl -d` sends another.
 *
 * @param url Path and query as received.
 * @throws {ApiError} that says how to name a model
 */
export async function findRoute(request: IncomingMessage, url: string): Promise<Route> {
  assertBelow(url);
  const named = modelOfQuery(url);
  if (named === '') throw noModel();
  if (named !== null) return { model: named, isStream: false, source: { kind: 'query' }, body: null };
  const length = requestLength(request);
  if (length === 'none' || length === 0) throw noModel();
  const boundary = boundaryOfBody(request);
  if (length !== 'chunked' && length > LARGEST_READ_BODY) throw tooLarge();
  const body = await read(request);
  if (boundary === null) return { ...askedOfJson(body), source: { kind: 'json' }, body };
  return { ...askedOfForm(body, boundary), source: { kind: 'form', boundary }, body };
}

/** An engine that resolves `..` would be reached outside of `/v1`, where `/proxy` has another permission. */
function assertBelow(url: string): void {
  if (!/[.%]/.test(url)) return;
  const segments = (url.split('?', 1)[0] ?? '')
    .toLowerCase()
    .replaceAll('%2e', '.')
    .split(/\/|%2f|%5c|\\/);
  if (!segments.includes('..') && !segments.includes('.')) return;
  throw new ApiError('VALIDATION_ERROR', 'The path must not hold the segments . and .. under /v1.');
}

/** `null`: it is to be JSON. */
function boundaryOfBody(request: IncomingMessage): string | null {
  const { 'content-type': type = '', 'content-encoding': encoding = 'identity' } = request.headers;
  if (encoding.trim().toLowerCase() !== 'identity') {
    throw new ApiError(
      'UNSUPPORTED_MEDIA_TYPE',
      'The model cannot be found in a compressed body; send it uncompressed, or name the model in the URL as ?model=NAME.',
    );
  }
  if (!/^\s*multipart\//i.test(type)) return null;
  const boundary = boundaryOf(type);
  if (boundary !== null) return boundary;
  throw new ApiError(
    'VALIDATION_ERROR',
    'The model can be found in multipart/form-data with a boundary; of another multipart type, name it in the URL as ?model=NAME.',
  );
}

/** Rejects when the caller leaves. The rest of a body that is too large is discarded, so that the answer can be read. */
function read(request: IncomingMessage): Buffer | Promise<Buffer> {
  // a short one came together with its head
  const whole: unknown = request.complete ? request.read() : null;
  if (whole instanceof Buffer) {
    if (whole.byteLength > LARGEST_READ_BODY) throw tooLarge();
    return whole;
  }
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = [];
    let size = 0;
    const onData = (piece: Buffer): void => {
      size += piece.byteLength;
      if (size <= LARGEST_READ_BODY) return void pieces.push(piece);
      stop();
      request.resume();
      reject(tooLarge());
    };
    const onEnd = (): void => {
      stop();
      resolve(pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : Buffer.concat(pieces, size));
    };
    const onGone = (): void => {
      stop();
      reject(new Error('the caller left'));
    };
    const stop = (): void => {
      request.off('data', onData).off('end', onEnd).off('error', onGone).off('close', onGone);
    };
    request.on('data', onData).on('end', onEnd).on('error', onGone).on('close', onGone);
  });
}

function tooLarge(): ApiError {
  return new ApiError(
    'PAYLOAD_TOO_LARGE',
    'The body is larger than the 64 MiB that are read to find the model in it; name the model in the URL as ?model=NAME, then a body of any size passes.',
  );
}
