import type { IncomingMessage } from 'node:http';
import { ApiError } from '@llamactl/contract/errors';
import type { Lease } from '../instances/slots/leases.ts';
import type { Bodies } from './bodies.ts';
import { pathOnly, requestLength } from './headers.ts';
import type { HeldBody } from './held-body.ts';
import { keyOf, type Member } from './json-members.ts';
import { boundaryOf } from './multipart.ts';
import { type Message, NO_ADDITION, rewriteJson, rewritten, type Rewriting } from './rewriting.ts';
import type { Route } from './route.ts';
import { promptAddition, type PromptShape } from './system-prompt.ts';

/** Fields by which a request can use data that another request left in the engine. */
const CACHE = 'cache_prompt';
const SLOT = 'id_slot';
const LONGEST = Math.max(CACHE.length, SLOT.length);
/** Matches the fields in the headers of a form's part, in any spelling of the part's name. */
const PART_HEAD = /cache_prompt|id_slot/i;
/**
 * Paths where llama-server obeys `cache_prompt` (measured on b11669), or caches nothing. `/v1/messages` ignores the field,
 * so only a launch without caching isolates that path.
 */
const PATHS_THAT_OBEY = new Set([
  '/v1/chat/completions',
  '/v1/completions',
  '/v1/responses',
  '/v1/embeddings',
  '/v1/rerank',
  '/v1/messages/count_tokens',
]);

interface IsolatedRequest {
  request: IncomingMessage;
  /** Path and query. */
  url: string;
  /** How the request carries its system prompt; `undefined`: it has none. */
  shape: PromptShape | undefined;
  /** Gets the body if this module reads it, so that the gateway releases that body. */
  route: Route;
  /** The caller whose share of the memory the body uses. */
  account: string;
  /** Aborted when the caller has left. */
  signal: AbortSignal;
}

/**
 * Builds the request for the engine of an isolated instance. Refuses fields by which the caller could use, and so
 * measure, another caller's prompt. If the engine was launched with prompt caching, adds the field that switches
 * caching off. Always reads the body for this, even if the URL names the model.
 *
 * @throws {ApiError} 400 for such a field, for a body in which one could hide, and for a path where caching cannot be
 *   switched off; also like `Bodies.read`
 */
export async function isolatedMessage(
  { request, url, shape, route, account, signal }: IsolatedRequest,
  { target, record }: Lease,
  bodies: Bodies,
): Promise<Message> {
  const { source } = route;
  const settings = withoutFields(record.settings);
  const length = requestLength(request);
  if (route.body === null && (length === 'none' || length === 0)) {
    return rewritten({ path: url, body: null }, source, settings);
  }
  const boundary = boundaryOfIsolated(request);
  const isOff = target.isolated === true;
  if (!isOff && (boundary !== null || !PATHS_THAT_OBEY.has(pathOnly(url)))) throw restartFirst();
  const body = route.body ?? (await read(request, account, signal, bodies));
  route.body = body;
  if (body.byteLength === 0) return rewritten({ path: url, body }, source, settings);
  if (boundary !== null) {
    // Refuse text before the first delimiter: an engine could read it as JSON, and ignore the form after it.
    if (body.text(0, boundary.length + 2) !== `--${boundary}`) throw notAForm();
    if (await seen(bodies.mentions(body, boundary, PART_HEAD, signal))) throw fieldRefused();
    return rewritten({ path: url, body }, source, settings);
  }
  const known = source.kind === 'json' ? source.members : null;
  const members = known ?? (await seen(bodies.members(body, signal)));
  for (const member of members.list) assertHarmless(body, member);
  const addition =
    source.kind === 'json' ? await promptAddition(body, members, shape, settings, { bodies, signal }) : NO_ADDITION;
  if (isOff)
    return rewritten(
      { path: url, body },
      source.kind === 'json' ? { kind: 'json', members } : source,
      settings,
      addition,
    );
  // If the URL names the model, only the URL is rewritten.
  const { path } = rewritten({ path: url, body: null }, source, settings);
  const {
    request_strip: strip = [],
    request_defaults: defaults = {},
    ...others
  } = source.kind === 'json' ? settings : {};
  const wanted = { ...others, request_strip: [...strip, CACHE], request_defaults: { ...defaults, [CACHE]: false } };
  return { path, body: rewriteJson(body, members, wanted, addition) };
}

/** Drops `request_defaults` for these fields: a preset may have such defaults, but the instance itself may not. */
function withoutFields(settings: Rewriting): Rewriting {
  const { [CACHE]: _cache, [SLOT]: _slot, ...request_defaults } = settings.request_defaults ?? {};
  return { ...settings, request_defaults };
}

async function read(request: IncomingMessage, account: string, signal: AbortSignal, bodies: Bodies): Promise<HeldBody> {
  try {
    return await bodies.read(request, account, signal);
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== 'PAYLOAD_TOO_LARGE') throw error;
    throw new ApiError(
      'PAYLOAD_TOO_LARGE',
      'A body for an isolated instance may have at most 64 MiB, because all of it is read.',
    );
  }
}

/** Waits for a scan. If the scan fails, refuses the body, because a field could hide in it. */
async function seen<Found>(scan: Promise<Found>): Promise<Found> {
  try {
    return await scan;
  } catch (error) {
    if (error instanceof SyntaxError) {
      throw new ApiError('INVALID_JSON', 'The body for an isolated instance must be a complete JSON object or form.', {
        details: error.message,
      });
    }
    if (error instanceof RangeError) {
      throw new ApiError('VALIDATION_ERROR', `The body cannot be checked for an isolated instance: ${error.message}.`);
    }
    throw error;
  }
}

function assertHarmless(body: HeldBody, member: Member): void {
  const key = keyOf(body, member, LONGEST);
  if (key === SLOT) throw fieldRefused();
  if (key !== CACHE) return;
  const { valueStart, end } = member;
  const isOff = end - valueStart <= 'false'.length && ['false', 'null'].includes(body.text(valueStart, end));
  if (!isOff) throw fieldRefused();
}

/**
 * Returns the boundary of a form; `null`: the body must be JSON. Refuses an ambiguous boundary and a compressed body.
 */
function boundaryOfIsolated({ headers }: IncomingMessage): string | null {
  const { 'content-type': type = '', 'content-encoding': encoding = 'identity' } = headers;
  if (encoding.trim().toLowerCase() !== 'identity') {
    throw new ApiError('UNSUPPORTED_MEDIA_TYPE', 'A body for an isolated instance must be uncompressed.');
  }
  if (!/^\s*multipart\//i.test(type)) return null;
  const boundary = boundaryOf(type);
  // llama-server compares the type case-sensitively: it would read another spelling as JSON, where we read a form.
  const isForm = type.startsWith('multipart/form-data');
  if (isForm && boundary !== null && type.toLowerCase().split('boundary').length === 2) return boundary;
  throw notAForm();
}

function notAForm(): ApiError {
  return new ApiError(
    'VALIDATION_ERROR',
    'A form for an isolated instance must be multipart/form-data with one boundary, and must begin with that boundary.',
  );
}

function fieldRefused(): ApiError {
  return new ApiError(
    'VALIDATION_ERROR',
    `This instance is isolated: a request must not set ${CACHE} to anything but false, and must not contain ${SLOT}.`,
  );
}

function restartFirst(): ApiError {
  return new ApiError(
    'VALIDATION_ERROR',
    'This instance is isolated, but its engine was launched with prompt caching, and a request of this kind cannot switch that off. Restart the instance; if that does not help, its engine is too old.',
  );
}
