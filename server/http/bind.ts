import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import type { AuditChange } from '@llamactl/contract/auth';
import { ApiError } from '@llamactl/contract/errors';
import type { Operation } from '@llamactl/contract/operation';
import type { Clock } from '../instances/ports/time.ts';
import { Moved, Sealed, StoreClosed } from '../instances/use-cases.ts';
import type { Result } from './answer.ts';
import { LIST_BODY_LIMIT } from './bodies/body.ts';
import { CallerGone, disconnectSignal } from './disconnect.ts';
import { OPEN_TURNSTILE, type Turnstile } from './edge/turnstile.ts';
import type { RecordedChange } from './recorded-change.ts';
import type { Operations } from './operations.ts';
import type { HttpApp, HttpReply, HttpRequest } from './plugin.ts';

export interface RouteParts {
  operations: Pick<Operations, 'all' | 'prepare'>;
  clock: Pick<Clock, 'now' | 'after'>;
  /** Returns the client address of a request. */
  addressOf: (raw: IncomingMessage) => string;
  /** Aborts when the server stops; waiting callers then get an error. */
  shutdown: AbortSignal | undefined;
  /** Default: the server is never replaced. */
  turnstile?: Turnstile | undefined;
}

/** Largest body of a public operation, in bytes: enough for a name and a password with all characters escaped. */
const PUBLIC_BODY_LIMIT = 16_384;

/** Adds a route for each operation. */
export function bindRoutes(app: HttpApp, parts: RouteParts): void {
  for (const operation of parts.operations.all) bindRoute(app, operation, parts);
}

function bindRoute(
  app: HttpApp,
  operation: Operation,
  { operations, clock, addressOf, shutdown, turnstile = OPEN_TURNSTILE }: RouteParts,
): void {
  const { id, permission, cost, credentials, yaml } = operation;
  const entries = operation.body?.entries;
  app.route({
    method: operation.method,
    url: operation.path.replaceAll(/\{(\w+)\}/g, ':$1'),
    ...(permission === 'public' ? { bodyLimit: PUBLIC_BODY_LIMIT } : {}),
    ...(entries === undefined ? {} : { bodyLimit: LIST_BODY_LIMIT }),
    config: {
      takesYaml: yaml === 'body',
      ...(entries === undefined ? {} : { entries }),
      access: { id, permission, cost, ...(credentials === undefined ? {} : { credentials }) },
    },
    handler: async (request, reply) => {
      // The server was replaced while the body arrived.
      if (!turnstile.isOpen) return passOn(turnstile, request, reply, 'not begun');
      const { caller } = request;
      const call = await operations.prepare(operation, givenBy(request, addressOf), {
        caller,
        over: request.over,
        // A getter, because most calls need no signal: each read makes a new one.
        get signal() {
          return disconnectSignal(reply.raw, { shutdown, caller, clock });
        },
      });
      // The server may have been replaced during the checks.
      if (!turnstile.isOpen) return passOn(turnstile, request, reply, 'not begun');
      const leave = turnstile.enter(() => reply.raw.headersSent);
      let result: Result;
      try {
        result = await call();
      } catch (error) {
        leave();
        if (error instanceof Moved) return passOn(turnstile, request, reply, 'begun');
        // The caller hung up, so send no answer.
        if (error instanceof CallerGone) return reply.hijack();
        const isForNext = !turnstile.isOpen && isUndone(request, error) && !reply.raw.headersSent;
        if (isForNext) return passOn(turnstile, request, reply, 'not begun');
        throw error;
      }
      leave();
      return sendResult(reply, result);
    },
  });
}

function givenBy(request: HttpRequest, addressOf: RouteParts['addressOf']) {
  return {
    params: request.params as Record<string, string>,
    query: request.query,
    body: request.body,
    headers: request.headers,
    isHead: request.method === 'HEAD',
    isBegun: request.isBegun === true,
    get address() {
      return addressOf(request.raw);
    },
    concerns: (target: string | null): void => {
      request.concerns = target;
    },
    edited: (changes: readonly AuditChange[]): void => request.recordEdits?.(changes),
    changed: (changes: readonly RecordedChange[]): void => request.recordChanges?.(changes),
  };
}

/** Sends a result as the answer of a request. */
export function sendResult(reply: HttpReply, { status, headers, content }: Result): HttpReply {
  reply.code(status).headers(headers);
  switch (content.kind) {
    case 'json':
      return reply.send(content.value);
    case 'text':
      return reply.send(content.text);
    case 'nothing':
      return reply.send();
    case 'stream': {
      const texts = content.isLive ? afterHeaders(reply, content.texts) : content.texts;
      // Write as fast as the caller reads, and make no text ahead.
      return reply.send(Readable.from(texts, { objectMode: false, highWaterMark: 0 }));
    }
  }
}

/** Sends the headers now: otherwise the caller would get no status before the first text. */
async function* afterHeaders(reply: HttpReply, texts: AsyncIterable<string>): AsyncGenerator<string> {
  reply.raw.flushHeaders();
  yield* texts;
}

/** Whether a request failed only because the hand-over had already taken what it needed, so that it changed nothing. */
function isUndone({ method }: HttpRequest, error: unknown): boolean {
  if (error instanceof Sealed || error instanceof StoreClosed) return true;
  return method === 'GET' && !(error instanceof ApiError);
}

/**
 * Passes a request to the successor after its body was read. The successor does not repeat a command that was carried
 * out here, because a newer command may follow it.
 */
async function passOn(
  turnstile: Turnstile,
  request: HttpRequest,
  reply: HttpReply,
  stage: 'not begun' | 'begun',
): Promise<HttpReply> {
  const { raw, body, originalUrl } = request;
  reply.hijack();
  request.isPassedOn = true;
  await turnstile.passOn({
    request: raw,
    response: reply.raw,
    head: request.upgradeHead,
    url: originalUrl,
    body: body === undefined ? null : Buffer.from(JSON.stringify(body)),
    isBegun: stage === 'begun' || request.isBegun === true,
  });
  return reply;
}
