import type { IncomingMessage } from 'node:http';
import { ApiError } from '@llamactl/contract/errors';
import type { Bodies } from './bodies.ts';
import { unknownModel } from './failures.ts';
import { requestLength } from './headers.ts';
import type { HeldBody } from './held-body.ts';
import { keyOf, type Member, type Members } from './json-members.ts';
import { boundaryOf, type FormField } from './multipart.ts';

/** The place where a request under `/v1` names its model. */
export type ModelSource =
  | { kind: 'query' }
  /** `members`: `null` for a short body that was not scanned. */
  | { kind: 'json'; members: Members | null }
  | { kind: 'form'; fields: readonly FormField[] };

/** The model of a request, where the request names it, and the body that was read to find it. */
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

/** The model that a request names, and whether it asks for a stream. */
export interface RequestedModel {
  /** Name or alias, as given. */
  model: string;
  /** Whether the request asks for a streamed answer. */
  isStream: boolean;
}

const HOW_TO_NAME = 'name the instance as {"model": "NAME"} in the body, or as ?model=NAME in the URL.';
/**
 * Bodies up to this many bytes are parsed with `JSON.parse`, which is faster than the scanner and finds every error. At
 * 20 MB, `JSON.parse` takes 60 times as long as the scanner.
 */
export const LARGEST_PARSED = 65_536;
const BYTE_ORDER_MARK = 0xfeff;
/** Bytes of the longest alias: 200 escaped UTF-16 units and two quotes. A longer value names no instance. */
const LONGEST_NAME = 200 * 6 + 2;
/** Length of the longest key that is searched for. */
const LONGEST_KEY = 'stream'.length;
/** Bytes of a too long name that an error shows. */
const LONGEST_ECHO = 200;

/** Reads a short JSON body, of at most {@link LARGEST_PARSED} bytes. @throws {ApiError} for an invalid body */
export function readShortJson(body: HeldBody): RequestedModel {
  return jsonFaults(() => {
    const { model, stream } = parsed(body.text(0, body.byteLength));
    return { model: checked(model), isStream: stream === true };
  });
}

/**
 * Reads a JSON body with these members. The last occurrence of a repeated key counts, as in `JSON.parse`.
 *
 * @throws {ApiError}
 */
export function readMembers(body: HeldBody, { list }: Members): RequestedModel {
  let model: Member | undefined;
  let stream: Member | undefined;
  for (const member of list) {
    const key = keyOf(body, member, LONGEST_KEY);
    if (key === 'model') model = member;
    else if (key === 'stream') stream = member;
  }
  return jsonFaults(() => {
    const isStream = stream !== undefined && isTrue(body, stream);
    return { model: checked(model === undefined ? undefined : nameIn(body, model)), isStream };
  });
}

/** Runs `read`, and throws its errors converted by {@link jsonFault}. */
export function jsonFaults<Result>(read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    throw jsonFault(error);
  }
}

/** Converts an error of a JSON parser or scanner into an `ApiError` that says what to do. */
export function jsonFault(error: unknown): unknown {
  if (error instanceof SyntaxError) {
    return new ApiError('INVALID_JSON', 'The body is not valid JSON; correct it, or name the model as ?model=NAME.', {
      details: error.message,
    });
  }
  if (error instanceof RangeError) {
    return new ApiError(
      'VALIDATION_ERROR',
      `The body is not searched for the model, because ${error.message}: name the model in the URL as ?model=NAME.`,
    );
  }
  return error;
}

/**
 * Reads a form (`multipart/form-data`) with these fields. The last occurrence of a repeated field counts, as in JSON.
 *
 * @throws {ApiError}
 */
export function readFields(body: HeldBody, fields: readonly FormField[]): RequestedModel {
  const last = (name: string): FormField | undefined => fields.findLast((each) => each.name === name);
  const model = last('model');
  const stream = last('stream');
  if (model !== undefined && model.end - model.start > LONGEST_NAME) throw tooLongName(body, model);
  return {
    model: checked(model === undefined ? undefined : body.text(model.start, model.end)),
    isStream:
      stream !== undefined &&
      stream.end - stream.start === 4 &&
      body.text(stream.start, stream.end).toLowerCase() === 'true',
  };
}

/** Converts an error of the form scanner into an `ApiError` that says what to do. */
export function formFault(error: unknown): unknown {
  if (!(error instanceof SyntaxError)) return error;
  return new ApiError('VALIDATION_ERROR', `The form could not be read (${error.message}): ${HOW_TO_NAME}`);
}

/** Whether a member's value is `true`. */
export function isTrue(body: HeldBody, { valueStart, end }: Member): boolean {
  return end - valueStart === 4 && body.text(valueStart, end) === 'true';
}

/** Returns the `model` of a URL's query; `null`: it has none. */
export function modelOfQuery(url: string): string | null {
  const start = url.indexOf('?');
  return start === -1 ? null : new URLSearchParams(url.slice(start)).get('model');
}

/** The error for a request that names no model. */
export function noModel(): ApiError {
  return new ApiError('VALIDATION_ERROR', `The request names no model: ${HOW_TO_NAME}`, {
    problems: [{ path: 'model', message: 'is required' }],
  });
}

function checked(model: unknown): string {
  if (model === undefined || model === '') throw noModel();
  if (typeof model === 'string') return model;
  throw new ApiError('VALIDATION_ERROR', `model must be a string: ${HOW_TO_NAME}`, {
    problems: [{ path: 'model', message: 'must be a string' }],
  });
}

interface Fields {
  model?: unknown;
  stream?: unknown;
}

function parsed(json: string): Fields {
  let text = json;
  // llama-server accepts a byte order mark, and JSON.parse does not
  if (text.charCodeAt(0) === BYTE_ORDER_MARK) text = text.slice(1);
  if (text.trim() === '') throw noModel();
  const document: unknown = JSON.parse(text);
  if (typeof document === 'object' && document !== null && !Array.isArray(document)) return document;
  throw new ApiError('VALIDATION_ERROR', `The body must be a JSON object: ${HOW_TO_NAME}`);
}

/** Decodes a member's value if it is a string and not too long for a name. @throws {SyntaxError} for a bad escape */
function nameIn(body: HeldBody, { valueStart, end }: Member): unknown {
  if (body.text(valueStart, valueStart + 1) !== '"') return null;
  if (end - valueStart > LONGEST_NAME) throw tooLongName(body, { start: valueStart + 1, end: end - 1 });
  return JSON.parse(body.text(valueStart, end));
}

function tooLongName(body: HeldBody, { start, end }: { start: number; end: number }): ApiError {
  return unknownModel(body.text(start, Math.min(end, start + LONGEST_ECHO)));
}
