import type { IncomingMessage } from 'node:http';
import { ApiError } from '@llamactl/contract/errors';
import { requestLength } from './body.ts';
import type { Bodies } from './bodies.ts';
import type { HeldBody } from './held-body.ts';
import {
  type Asked,
  askedOfFields,
  askedOfMembers,
  askedOfShortJson,
  formFault,
  jsonFault,
  LARGEST_PARSED,
  modelOfQuery,
  noModel,
} from './model-name.ts';
import { boundaryOf } from './multipart.ts';
import type { ModelSource } from './rewriting.ts';

/** Which instance a request is for. */
export interface Route extends Asked {
  /** Where the model was named. */
  source: ModelSource;
  /** The body where it had to be read, to be released by the caller of this function; `null`: it is still to be streamed. */
  body: HeldBody | null;
}

/** Who sends a request. */
interface Sender {
  /** Whose share of the memory its body uses. */
  account: string;
  /** Aborted when the caller has left. */
  signal: AbortSignal;
}

/**
 * Finds the `model` of a request: in the URL's query, which wins and leaves the body unread, else in the body: a form where
 * the content type says so, else JSON whatever it says: llama-server does not ask either, and `curl -d` sends another.
 *
 * @param url Path and query as received.
 * @throws {ApiError} that says how to name a model, or that the body does not fit into memory
 */
export async function findRoute(
  request: IncomingMessage,
  url: string,
  bodies: Bodies,
  { account, signal }: Sender,
): Promise<Route> {
  assertBelow(url);
  const named = modelOfQuery(url);
  if (named === '') throw noModel();
  if (named !== null) return { model: named, isStream: false, source: { kind: 'query' }, body: null };
  const length = requestLength(request);
  if (length === 'none' || length === 0) throw noModel();
  const boundary = boundaryOfBody(request);
  const read = bodies.read(request, account, signal);
  // Awaiting what is there already costs a turn of the microtasks for each request.
  const body = read instanceof Promise ? await read : read;
  try {
    if (boundary === null && body.byteLength <= LARGEST_PARSED) {
      const { model, isStream } = askedOfShortJson(body);
      return { model, isStream, source: SHORT_JSON, body };
    }
    return { ...(await askedOf(body, boundary, bodies, signal)), body };
  } catch (error) {
    body.release();
    throw boundary === null ? jsonFault(error) : formFault(error);
  }
}

const SHORT_JSON: ModelSource = { kind: 'json', members: null };

async function askedOf(
  body: HeldBody,
  boundary: string | null,
  bodies: Bodies,
  signal: AbortSignal,
): Promise<Asked & { source: ModelSource }> {
  if (boundary !== null) {
    const fields = await bodies.fields(body, boundary, signal);
    return { ...askedOfFields(body, fields), source: { kind: 'form', fields } };
  }
  const members = await bodies.members(body, signal);
  return { ...askedOfMembers(body, members), source: { kind: 'json', members } };
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
export function boundaryOfBody(request: IncomingMessage): string | null {
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
