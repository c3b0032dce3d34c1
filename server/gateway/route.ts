import type { IncomingMessage } from 'node:http';
import { ApiError } from '@llamactl/contract/errors';
import { requestLength } from './upload.ts';
import type { Bodies } from './bodies.ts';
import type { HeldBody } from './held-body.ts';
import {
  type RequestedModel,
  readFields,
  readMembers,
  readShortJson,
  formFault,
  jsonFault,
  LARGEST_PARSED,
  modelOfQuery,
  noModel,
} from './model-name.ts';
import { boundaryOf } from './multipart.ts';
import type { ModelSource } from './rewriting.ts';

/** The instance of a request, and where the request names it. */
export interface Route extends RequestedModel {
  /** The place where the request names its model. */
  source: ModelSource;
  /** The body if it was read; the caller of {@link findRoute} must release it. `null`: the body is streamed. */
  body: HeldBody | null;
}

/** The caller of a request. */
interface Sender {
  /** The account or address whose share of the memory the body uses. */
  account: string;
  /** Aborted when the caller has left. */
  signal: AbortSignal;
}

/**
 * Finds the `model` of a request. The URL's query wins and leaves the body unread. Otherwise the body is read: as a form if
 * the content type says so, else as JSON. llama-server ignores other content types too, and `curl -d` sends a wrong one.
 *
 * @param url Path and query as received.
 * @throws {ApiError} when no model is named, with a hint how to name one, or when the body does not fit into memory
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
  // Awaiting a body that is already there would cost a turn of the microtasks for each request.
  const body = read instanceof Promise ? await read : read;
  try {
    if (boundary === null && body.byteLength <= LARGEST_PARSED) {
      const { model, isStream } = readShortJson(body);
      return { model, isStream, source: SHORT_JSON, body };
    }
    return { ...(await readBody(body, boundary, bodies, signal)), body };
  } catch (error) {
    body.release();
    throw boundary === null ? jsonFault(error) : formFault(error);
  }
}

const SHORT_JSON: ModelSource = { kind: 'json', members: null };

async function readBody(
  body: HeldBody,
  boundary: string | null,
  bodies: Bodies,
  signal: AbortSignal,
): Promise<RequestedModel & { source: ModelSource }> {
  if (boundary !== null) {
    const fields = await bodies.fields(body, boundary, signal);
    return { ...readFields(body, fields), source: { kind: 'form', fields } };
  }
  const members = await bodies.members(body, signal);
  return { ...readMembers(body, members), source: { kind: 'json', members } };
}

/** Refuses `.` and `..` in the path: an engine that resolves them would serve paths outside of `/v1`, which need `/proxy`. */
function assertBelow(url: string): void {
  if (!/[.%]/.test(url)) return;
  const segments = (url.split('?', 1)[0] ?? '')
    .toLowerCase()
    .replaceAll('%2e', '.')
    .split(/\/|%2f|%5c|\\/);
  if (!segments.includes('..') && !segments.includes('.')) return;
  throw new ApiError('VALIDATION_ERROR', 'A path under /v1 must not contain the segments . and ..');
}

/** Returns the boundary of a form; `null`: the body must be JSON. @throws {ApiError} for a body that cannot be read */
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
    'The model is found in a form only if that is multipart/form-data with a boundary. Otherwise, name the model in the URL as ?model=NAME.',
  );
}
