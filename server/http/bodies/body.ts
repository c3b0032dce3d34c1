import type { ServerResponse } from 'node:http';
import { PassThrough, type Readable } from 'node:stream';
import { ApiError } from '@llamactl/contract/errors';
import type { RequestPayload } from 'fastify';
import type { Clock } from '../../instances/ports/time.ts';
import { jsonBody } from './json-body.ts';
import type { HttpApp, HttpRequest } from '../plugin.ts';
import { inSlices, type Sliced } from '../slices.ts';
import { yamlBody } from './yaml-body.ts';

/** Largest body under `/api`, in bytes. */
export const BODY_LIMIT = 1_048_576;
/** Largest body with a list whose entries are validated one by one, in bytes. */
export const LIST_BODY_LIMIT = 16 * 1_048_576;
/** JSON, and the media type of merge patches (RFC 7396). */
const JSON_TYPES = ['application/json', 'application/merge-patch+json'];
/** The registered media type (RFC 9512), and those used before. */
export const YAML_TYPES = ['application/yaml', 'application/x-yaml', 'text/yaml', 'text/x-yaml'];

/**
 * Sets how a scope reads bodies under `/api`. JSON is accepted everywhere, YAML where the operation allows it. An empty
 * body counts as none, whatever its type. Forms and plain text are refused: browsers send them from any page without a
 * preflight. A body must arrive within `timeoutMs`.
 */
export function readJsonBodies(scope: HttpApp, clock: Clock, timeoutMs: number): void {
  const fleets = new OneAtATime(clock);
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser<Buffer>(JSON_TYPES, { parseAs: 'buffer' }, async (request: HttpRequest, bytes: Buffer) => {
    refuseEncoded(request);
    const { entries } = request.routeOptions.config;
    if (entries === undefined) return inSlices(jsonBody(bytes, null), clock);
    return fleets.read(jsonBody(bytes, entries));
  });
  scope.addContentTypeParser<Buffer>(YAML_TYPES, { parseAs: 'buffer' }, async (request: HttpRequest, bytes: Buffer) => {
    if (bytes.length > 0 && !takesYaml(request)) throw otherType(request);
    refuseEncoded(request);
    return fleets.read(yamlBody(bytes));
  });
  scope.addContentTypeParser<Buffer>('*', { parseAs: 'buffer' }, async (request: HttpRequest, bytes: Buffer) => {
    if (bytes.length === 0) return undefined;
    throw otherType(request);
  });
  scope.addHook('preParsing', async (request, reply, payload) =>
    hasBody(request) ? withDeadline(payload, reply.raw, clock, timeoutMs) : payload,
  );
}

/** Reads fleets in slices, one after the other: a large one takes seconds, and many times its length in memory. */
class OneAtATime {
  readonly #clock: Pick<Clock, 'elapsed' | 'nextTurn'>;
  #last: Promise<unknown> = Promise.resolve();

  constructor(clock: Pick<Clock, 'elapsed' | 'nextTurn'>) {
    this.#clock = clock;
  }

  read<Result>(work: Sliced<Result>): Promise<Result> {
    const result = this.#last.then(() => inSlices(work, this.#clock));
    this.#last = result.catch(() => undefined);
    return result;
  }
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
 * Passes a body through, but fails when it does not end in time. Node's own limit would apply to all routes, even to a
 * gigabyte on its way to an engine.
 */
function withDeadline(payload: RequestPayload, response: ServerResponse, clock: Clock, timeoutMs: number): Readable {
  const timed = new PassThrough();
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
  payload.pipe(timed);
  // A refused, unread body would fill the pipe and block the connection.
  response.once('finish', () => payload.unpipe(timed).resume());
  return timed;
}
