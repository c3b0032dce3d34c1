import type { ServerResponse } from 'node:http';
import { PassThrough, type Readable } from 'node:stream';
import { ApiError } from '@llamactl/contract/errors';
import type { RequestPayload } from 'fastify';
import type { Clock } from '../../instances/ports.ts';
import { jsonBody } from './json-body.ts';
import type { HttpApp, HttpRequest } from '../plugin.ts';
import { inSlices, type Sliced } from '../slices.ts';
import { yamlBody } from './yaml-body.ts';

/** Bytes that a body under `/api` may have. */
export const BODY_LIMIT = 1_048_576;
/** The same of one with a list whose entries are judged one by one. */
export const LIST_BODY_LIMIT = 16 * 1_048_576;
/** Merge patches (RFC 7396) have a type of their own. */
const JSON_TYPES = ['application/json', 'application/merge-patch+json'];
/** The registered one (RFC 9512), and those that were in use before. */
export const YAML_TYPES = ['application/yaml', 'application/x-yaml', 'text/yaml', 'text/x-yaml'];

/**
 * Makes a scope read bodies as `/api` does: JSON, and YAML where the operation says so, for a form or plain text could
 * come from any page without its browser asking us; nothing at all where the body is empty, whatever its type; and not
 * for longer than `timeoutMs`.
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

/** Reads fleets in slices, one after the other: a large one takes seconds, and memory of many times its length. */
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
 * The same bytes, but an error when they do not end in time. Node's own limit would hold for every route, also for a
 * gigabyte that is on its way to an engine.
 */
function withDeadline(payload: RequestPayload, response: ServerResponse, clock: Clock, timeoutMs: number): Readable {
  const timed = new PassThrough();
  const cancel = clock.after(timeoutMs, () => {
    // Answered already, and still sending.
    if (response.writableFinished) return void payload.destroy();
    const sentence = `The body did not come whole within ${timeoutMs / 1000} seconds.`;
    const problems = [{ path: '', message: sentence }];
    return void timed.destroy(
      new ApiError('VALIDATION_ERROR', sentence, { status: 408, problems, headers: { connection: 'close' } }),
    );
  });
  payload.once('close', cancel);
  payload.once('error', (error) => timed.destroy(error));
  payload.pipe(timed);
  // A body that was refused unread fills the pipe and would stop the connection for ever.
  response.once('finish', () => payload.unpipe(timed).resume());
  return timed;
}
