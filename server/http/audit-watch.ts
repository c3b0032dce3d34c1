import type { IncomingMessage } from 'node:http';
import { OPERATIONS, PASS_THROUGH } from '@llamactl/contract/operations';
import type { AuditTrail } from '../auth/audit.ts';
import type { Clock } from '../instances/ports/time.ts';
import { targetIn } from './path-target.ts';
import type { HttpReply, HttpRequest } from './plugin.ts';

export interface AuditWatchParts {
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
const READS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);
/** Reads that are recorded because their answer contains all secrets of instances. */
const RECORDED_READS: ReadonlySet<string> = new Set([OPERATIONS.exportFleet.id]);
/** Operations that change nothing on this server: calls of engines, and the WebSocket of events. */
const NOT_RECORDED: ReadonlySet<string> = new Set([PASS_THROUGH.inference.id, PASS_THROUGH.events.id]);

/**
 * Records every request in the audit trail that changes something, tries to, or exports secrets. Records it when its
 * answer has been sent.
 */
export class AuditWatch {
  readonly #parts: AuditWatchParts;
  #minute = 0;
  /** Counts the limited requests of this minute, by operation, outcome and account. */
  readonly #many = new Map<string, number>();

  constructor(parts: AuditWatchParts) {
    this.#parts = parts;
  }

  watch(request: HttpRequest, reply: HttpReply): void {
    const action = request.routeOptions.config.access?.id;
    if (action === undefined || NOT_RECORDED.has(action) || isRead(request, action)) return;
    // Read the address now: the connection may be gone when the request is over.
    const address = this.#parts.addressOf(request.raw);
    reply.raw.once('close', () => {
      if (request.isPassedOn === true) return;
      const status = statusOf(request, reply);
      const subject = request.caller?.subject ?? 'anonymous';
      const isRefused = REFUSALS.has(status);
      const isOneOfMany = isRefused || action === PASS_THROUGH.proxy.id;
      const account = request.caller?.userId ?? 'anonymous';
      if (isOneOfMany && this.#isOneTooMany(`${action} ${isRefused ? 'refused' : 'passed'} ${account}`)) return;
      const target = request.concerns ?? targetIn(request.params);
      this.#parts.audit.record({ subject, address, action, target, status, requestId: request.id });
    });
  }

  #isOneTooMany(kind: string): boolean {
    const minute = Math.floor(this.#parts.clock.elapsed() / MINUTE_MS);
    if (minute !== this.#minute) this.#many.clear();
    this.#minute = minute;
    const count = (this.#many.get(kind) ?? 0) + 1;
    this.#many.set(kind, count);
    return count > MOST_OF_MANY;
  }
}

function isRead({ method, upgradeHead }: HttpRequest, action: string): boolean {
  const isWebSocket = upgradeHead !== null && action === PASS_THROUGH.proxy.id;
  return READS.has(method) && !isWebSocket && !RECORDED_READS.has(action);
}

function statusOf({ upgradeHead, instance }: HttpRequest, { raw }: HttpReply): number {
  if (raw.headersSent) return raw.statusCode;
  // The answer to a WebSocket handshake is written directly to the socket.
  return upgradeHead !== null && instance !== null ? 101 : HUNG_UP;
}
