import type { IncomingMessage } from 'node:http';
import type { AuditChange } from '@llamactl/contract/auth';
import { OPERATIONS, PASS_THROUGH } from '@llamactl/contract/operations';
import { PATH_PARAMETERS } from '@llamactl/contract/path-parameters';
import { LogController } from 'fastify';
import type { AuditTrail } from '../auth/audit.ts';
import type { Clock } from '../instances/ports/time.ts';
import { boundedChanges } from './audit-changes.ts';
import type { HttpReply, HttpRequest } from './plugin.ts';

const SECRET_PARAMETER = /([?&](?:[a-z_-]*(?:token|key|secret|password)|ticket)=)[^&#]*/gi;
const LONGEST_URL = 500;

/** Suppresses fastify's own log lines about requests, except those about broken answers. */
export class OwnRequestLines extends LogController {
  override incomingRequest(): void {}
  override requestCompleted(): void {}
  override defaultErrorLog(): void {}
  override routeNotFound(): void {}
}

/**
 * Logs one line when a request ends, in whatever way. Pages and probes read every second, so successful reads are
 * logged at debug, all other requests at info. Bodies and secrets in the query are never logged.
 */
export function logRequest(request: HttpRequest, reply: HttpReply, clock: Clock): void {
  const startedAt = clock.elapsed();
  const { socket } = request.raw;
  const sentBefore = socket.bytesWritten;
  reply.raw.once('close', () => {
    if (request.isPassedOn === true) return;
    const isComplete = reply.raw.writableFinished;
    const status = reply.raw.statusCode;
    const isRead = request.method === 'GET' || request.method === 'HEAD' || request.method === 'OPTIONS';
    const line = {
      method: request.method,
      url: loggedUrl(request.raw.url ?? ''),
      route: request.routeOptions.url ?? null,
      // A caller that hung up before the header got no status.
      status: reply.raw.headersSent ? status : null,
      ms: clock.elapsed() - startedAt,
      bytes: socket.bytesWritten - sentBefore,
      subject: request.caller?.subject ?? null,
      instance: request.instance ?? targetIn(request.params, ['name']),
      ...(isComplete ? {} : { aborted: true }),
    };
    if (isRead && isComplete && status < 400) request.log.debug(line, 'request');
    else request.log.info(line, 'request');
  });
}

/** A URL for the log: without the values of parameters that may be secret, and shortened. */
export function loggedUrl(url: string): string {
  const redacted = url.replace(SECRET_PARAMETER, '$1***');
  return redacted.length > LONGEST_URL ? `${redacted.slice(0, LONGEST_URL)}…` : redacted;
}

interface AuditWatchOptions {
  audit: Pick<AuditTrail, 'record'>;
  clock: Pick<Clock, 'elapsed'>;
  /** Returns the client address of a request. */
  addressOf: (raw: IncomingMessage) => string;
}

/**
 * Rows per minute for each account and operation, of requests that callers can send without end: refused requests, and
 * calls that are passed to engines. Without this limit they would fill the disk.
 */
const MOST_OF_MANY = 100;
const REFUSALS: ReadonlySet<number> = new Set([401, 403, 429]);
const MINUTE_MS = 60_000;
/** Recorded when the caller hung up before the answer; nginx logs the same status. */
const HUNG_UP = 499;
/** Recorded for each further object that a request changed, and for a change whose caller hung up before. */
const CHANGED = 200;
const READS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);
/** Operations that only answer a question, although their method is POST: the question is in the body. */
const READS_BY_POST: ReadonlySet<string> = new Set([
  OPERATIONS.estimate.id,
  OPERATIONS.estimateInstance.id,
  OPERATIONS.parseEngineCommand.id,
]);
/** Operations that change nothing with `dry_run=true`. */
const PREVIEWED: ReadonlySet<string> = new Set([
  OPERATIONS.createInstance.id,
  OPERATIONS.updateInstance.id,
  OPERATIONS.applyFleet.id,
]);
/** Reads that are recorded because their answer contains all secrets of instances. */
const RECORDED_READS: ReadonlySet<string> = new Set([OPERATIONS.exportFleet.id]);
/**
 * Operations that change nothing on this server: calls of engines, the WebSocket of events, and the next token of a
 * page, which each open tab gets all day.
 */
const NOT_RECORDED: ReadonlySet<string> = new Set([
  PASS_THROUGH.inference.id,
  PASS_THROUGH.native.id,
  PASS_THROUGH.events.id,
  OPERATIONS.createBrowserToken.id,
]);

/**
 * Records every request in the audit trail that changes something, tries to, or exports secrets. Writes the record once
 * the answer has been sent.
 */
export class AuditWatch {
  readonly #audit: AuditWatchOptions['audit'];
  readonly #clock: AuditWatchOptions['clock'];
  readonly #addressOf: AuditWatchOptions['addressOf'];
  #minute = 0;
  /** Counts the limited requests of this minute, by operation, outcome and account. */
  readonly #many = new Map<string, number>();

  constructor({ audit, clock, addressOf }: AuditWatchOptions) {
    this.#audit = audit;
    this.#clock = clock;
    this.#addressOf = addressOf;
  }

  watch(request: HttpRequest, reply: HttpReply): void {
    const action = request.routeOptions.config.access?.id;
    if (action === undefined || NOT_RECORDED.has(action) || isRead(request, action)) return;
    // Read the address now: the connection may be gone when the request is over.
    const address = this.#addressOf(request.raw);
    const record = (
      row: { action: string; target: string | null; status: number },
      edits: readonly AuditChange[] = [],
    ): void => {
      const subject = request.caller?.subject ?? 'anonymous';
      this.#audit.record({ subject, address, requestId: request.id, ...row, ...boundedChanges(edits) });
    };
    const target = (): string | null => request.concerns ?? targetIn(request.params);
    // Record them at once: the work of a bulk operation can end after its caller hung up.
    request.recordChanges = (changes) => {
      for (const { edits, ...change } of changes) record({ ...change, status: CHANGED }, edits);
    };
    let edits: readonly AuditChange[] = [];
    let isOver = false;
    request.recordEdits = (made) => {
      edits = made;
      // The caller hung up before the change was made: another row has the values, so that no caller can hide them.
      if (isOver && made.length > 0) record({ action, target: target(), status: CHANGED }, made);
    };
    reply.raw.once('close', () => {
      if (request.isPassedOn === true) return;
      isOver = true;
      const status = statusOf(request, reply);
      const isRefused = REFUSALS.has(status);
      const isOneOfMany = isRefused || action === PASS_THROUGH.proxy.id;
      const account = request.caller?.userId ?? 'anonymous';
      if (isOneOfMany && this.#isOneTooMany(`${action} ${isRefused ? 'refused' : 'passed'} ${account}`)) return;
      record({ action, target: target(), status }, edits);
    });
  }

  #isOneTooMany(kind: string): boolean {
    const minute = Math.floor(this.#clock.elapsed() / MINUTE_MS);
    if (minute !== this.#minute) this.#many.clear();
    this.#minute = minute;
    const count = (this.#many.get(kind) ?? 0) + 1;
    this.#many.set(kind, count);
    return count > MOST_OF_MANY;
  }
}

function isRead({ method, upgradeHead, query }: HttpRequest, action: string): boolean {
  const isWebSocket = upgradeHead !== null && action === PASS_THROUGH.proxy.id;
  if (READS_BY_POST.has(action) || (PREVIEWED.has(action) && isDryRun(query))) return true;
  return READS.has(method) && !isWebSocket && !RECORDED_READS.has(action);
}

/** Whether the query asks for a preview. One that is malformed is refused, and changes nothing either. */
function isDryRun(query: unknown): boolean {
  return typeof query === 'object' && query !== null && 'dry_run' in query && query.dry_run === 'true';
}

function statusOf({ upgradeHead, instance }: HttpRequest, { raw }: HttpReply): number {
  if (raw.headersSent) return raw.statusCode;
  // The answer to a WebSocket handshake is written directly to the socket.
  return upgradeHead !== null && instance !== null ? 101 : HUNG_UP;
}

type Parameter = keyof typeof PATH_PARAMETERS;

const ALL = Object.keys(PATH_PARAMETERS) as Parameter[];

/**
 * The object that a path names: the valid name or id in it, otherwise `null`. Invalid values can contain anything, so
 * they are not used.
 *
 * @param params of the request, from the router
 */
export function targetIn(params: unknown, parameters: readonly Parameter[] = ALL): string | null {
  const given = (params ?? {}) as Readonly<Record<string, string | undefined>>;
  const found = parameters.find((name) => PATH_PARAMETERS[name].schema.safeParse(given[name]).success);
  return found === undefined ? null : (given[found] ?? null);
}
