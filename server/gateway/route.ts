import type { IncomingMessage } from 'node:http';
import { ApiError } from '@llamactl/contract/errors';
import { requestLength } from './body.ts';
import { modelOfJson, modelOfQuery, noModel } from './model-name.ts';

/** How much of a body is read to find `model` in it. */
export const LARGEST_READ_BODY = 64 * 1024 * 1024;

/** Which instance a request is for. */
export interface Route {
  /** Name or alias, as given. */
  model: string;
  /** The body's bytes where they had to be read; `null`: the body is still to be streamed. */
  body: Buffer | null;
}

/**
 * Finds the `model` of a request: in the URL's query, which wins and leaves the body alone, else in a JSON body.
 * The content type is not asked: llama-server does not ask either, and `curl -d` sends another.
 *
 * @param url Path and query as received.
 * @throws {ApiError} that says how to name a model
 */
export async function findRoute(request: IncomingMessage, url: string): Promise<Route> {
  assertBelow(url);
  const named = modelOfQuery(url);
  if (named === '') throw noModel();
  if (named !== null) return { model: named, body: null };
  const length = requestLength(request);
  if (length === 'none' || length === 0) throw noModel();
  assertReadable(request);
  if (length !== 'chunked' && length > LARGEST_READ_BODY) throw tooLarge();
  const body = await read(request);
  return { model: modelOfJson(body), body };
}

/** An engine that resolves `..` would be reached outside of `/v1`, where `/proxy` has another permission. */
function assertBelow(url: string): void {
  const segments = (url.split('?', 1)[0] ?? '')
    .toLowerCase()
    .replaceAll('%2e', '.')
    .split(/\/|%2f|%5c|\\/);
  if (!segments.includes('..') && !segments.includes('.')) return;
  throw new ApiError('VALIDATION_ERROR', 'The path must not hold the segments . and .. under /v1.');
}

function assertReadable(request: IncomingMessage): void {
  const { 'content-type': type = '', 'content-encoding': encoding = 'identity' } = request.headers;
  if (/^\s*multipart\//i.test(type)) {
    throw new ApiError(
      'VALIDATION_ERROR',
      'The model is not yet looked for in multipart bodies; name it in the URL as ?model=NAME.',
    );
  }
  if (encoding.trim().toLowerCase() !== 'identity') {
    throw new ApiError(
      'UNSUPPORTED_MEDIA_TYPE',
      'The model cannot be found in a compressed body; send it uncompressed, or name the model in the URL as ?model=NAME.',
    );
  }
}

/** Rejects when the caller leaves. The rest of a body that is too large is discarded, so that the answer can be read. */
function read(request: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const onData = (chunk: Buffer): void => {
      size += chunk.byteLength;
      chunks.push(chunk);
      if (size <= LARGEST_READ_BODY) return;
      request.off('data', onData);
      chunks.length = 0;
      request.resume();
      reject(tooLarge());
    };
    request.on('data', onData);
    request.once('end', () => resolve(Buffer.concat(chunks, size)));
    request.once('error', reject);
    request.once('close', () => reject(new Error('the caller left')));
  });
}

function tooLarge(): ApiError {
  return new ApiError(
    'PAYLOAD_TOO_LARGE',
    'The body is larger than the 64 MiB that are read to find the model in it; name the model in the URL as ?model=NAME, then a body of any size passes.',
  );
}
