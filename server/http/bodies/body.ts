import type { ServerResponse } from 'node:http';
import type { Readable, Transform } from 'node:stream';
import { ApiError } from '@llamactl/contract/errors';
import type { RequestPayload } from 'fastify';
import type { BodyBudget } from '../../gateway/body-budget.ts';
import { requestLength } from '../../gateway/headers.ts';
import type { Clock } from '../../instances/ports/time.ts';
import type { Sliced, SlicedWork } from '../../sliced-work.ts';
import { overSignal } from '../disconnect.ts';
import { limitedSubject } from '../edge/rate-limit.ts';
import type { HttpApp, HttpReply, HttpRequest } from '../plugin.ts';
import { jsonBody } from './json-body.ts';
import { MeteredBody } from './metered-body.ts';
import { yamlBody } from './yaml-body.ts';

/** Largest body under `/api`, in bytes. */
export const BODY_LIMIT = 1_048_576;
/** Largest body with a list whose entries are validated one by one, in bytes. */
export const LIST_BODY_LIMIT = 16 * 1_048_576;
/** JSON, and the media type of merge patches (RFC 7396). */
const JSON_TYPES = ['application/json', 'application/merge-patch+json'];
/** The registered media type (RFC 9512), and the unregistered ones that were in use before it. */
export const YAML_TYPES = ['application/yaml', 'application/x-yaml', 'text/yaml', 'text/x-yaml'];

/**
 * Methods whose bodies stay unread. Without a reader, an error of such a body has no listener, and would end the
 * process.
 */
const UNREAD: ReadonlySet<string> = new Set(['GET', 'HEAD']);

export interface BodyReadingParts {
  clock: Clock;
  /** Parses bodies. */
  work: SlicedWork;
  /** The memory for bodies. */
  budget: BodyBudget;
  /** Returns the client address of a request. */
  clientAddress: (raw: HttpRequest['raw']) => string;
  /** Milliseconds that a body may take to arrive. */
  timeoutMs: number;
}

/**
 * Sets how a scope reads bodies under `/api`. JSON is accepted everywhere, YAML where the operation allows it. An empty
 * body counts as none, whatever its type. Forms and plain text are refused: browsers send them from any page without a
 * preflight.
 */
export function readJsonBodies(scope: HttpApp, parts: BodyReadingParts): void {
  const { clock, work, timeoutMs } = parts;
  const fleets = new OneAtATime(work);
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser<Buffer>(JSON_TYPES, { parseAs: 'buffer' }, async (request: HttpRequest, bytes: Buffer) => {
    refuseEncoded(request);
    const { entries } = request.routeOptions.config;
    if (entries === undefined) return work.run(jsonBody(bytes, null), request.over);
    return fleets.read(jsonBody(bytes, entries), request.over);
  });
  scope.addContentTypeParser<Buffer>(YAML_TYPES, { parseAs: 'buffer' }, async (request: HttpRequest, bytes: Buffer) => {
    if (bytes.length > 0 && !takesYaml(request)) throw otherType(request);
    refuseEncoded(request);
    return fleets.read(yamlBody(bytes), request.over);
  });
  scope.addContentTypeParser<Buffer>('*', { parseAs: 'buffer' }, async (request: HttpRequest, bytes: Buffer) => {
    if (bytes.length === 0) return undefined;
    throw otherType(request);
  });
  scope.addHook('preParsing', async (request, reply, payload) => {
    if (!hasBody(request) || UNREAD.has(request.method)) return payload;
    const body = await admitted(request, reply, parts);
    return withDeadline(payload, body.counter(), reply.raw, clock, timeoutMs);
  });
}

/** Waits until the budget has memory for the body of a request. */
async function admitted(request: HttpRequest, reply: HttpReply, parts: BodyReadingParts): Promise<MeteredBody> {
  const over = overSignal(reply.raw);
  const caller = limitedSubject(request.caller, parts.clientAddress(request.raw));
  const { bodyLimit: largest } = request.routeOptions;
  const onLarge = (): void => {
    request.over = over;
  };
  const body = new MeteredBody({ budget: parts.budget, caller, largest, over, onLarge });
  const length = requestLength(request.raw);
  await body.admit(typeof length === 'number' ? length : null);
  return body;
}

/**
 * Reads fleets in slices, one fleet after the other: a large one takes seconds, and memory of many times its length.
 */
class OneAtATime {
  readonly #work: SlicedWork;
  #last: Promise<void> = Promise.resolve();

  constructor(work: SlicedWork) {
    this.#work = work;
  }

  /** @param over Aborts when the request is over. That frees its document, even one that still waits. */
  async read<Result>(work: Sliced<Result>, over: AbortSignal | null): Promise<Result> {
    const before = this.#last;
    const own = Promise.withResolvers<void>();
    this.#last = before.then(() => own.promise);
    try {
      await unlessAborted(before, over);
      return await this.#work.run(work, over);
    } finally {
      own.resolve();
    }
  }
}

/** Waits for a promise that never rejects. If the signal aborts first, rejects with the signal's reason. */
function unlessAborted(promise: Promise<void>, signal: AbortSignal | null): Promise<void> {
  return new Promise((resolve, reject) => {
    void promise.then(resolve);
    const leave = (): void => reject(signal?.reason);
    if (signal?.aborted === true) leave();
    else signal?.addEventListener('abort', leave, { once: true });
  });
}

function takesYaml({ routeOptions }: HttpRequest): boolean {
  return routeOptions.config.takesYaml === true;
}

function otherType(request: HttpRequest): ApiError {
  const types = takesYaml(request) ? 'application/json or application/yaml' : 'application/json';
  const form = takesYaml(request) ? 'JSON or YAML' : 'JSON';
  return new ApiError('UNSUPPORTED_MEDIA_TYPE', `The body has to be ${form}; send it with Content-Type: ${types}.`);
}

function hasBody({ headers }: HttpRequest): boolean {
  return headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined;
}

function refuseEncoded({ headers }: HttpRequest): void {
  const encoding = headers['content-encoding'] ?? 'identity';
  if (encoding.toLowerCase() === 'identity') return;
  throw new ApiError('UNSUPPORTED_MEDIA_TYPE', 'The body has to come uncompressed, without Content-Encoding.');
}

/**
 * Passes a body through `timed`, but fails when it does not end in time. Node's own limit would apply to all routes, even to a
 * gigabyte on its way to an engine.
 */
function withDeadline(
  payload: RequestPayload,
  timed: Transform,
  response: ServerResponse,
  clock: Clock,
  timeoutMs: number,
): Readable {
  const cancel = clock.after(timeoutMs, () => {
    // The request is already answered, but the body still arrives.
    if (response.writableFinished) return void payload.destroy();
    const sentence = `The body did not arrive completely within ${timeoutMs / 1000} seconds.`;
    const problems = [{ path: '', message: sentence }];
    return void timed.destroy(
      new ApiError('VALIDATION_ERROR', sentence, { status: 408, problems, headers: { connection: 'close' } }),
    );
  });
  payload.once('close', cancel);
  payload.once('error', (error) => timed.destroy(error));
  // A refused body has no reader, and an error without a listener would end the process. A reader gets the error as
  // well.
  timed.on('error', () => undefined);
  payload.pipe(timed);
  // A refused, unread body would fill the pipe and block the connection.
  response.once('finish', () => payload.unpipe(timed).resume());
  return timed;
}
