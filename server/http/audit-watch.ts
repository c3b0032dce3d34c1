import type { IncomingMessage } from 'node:http';
import { PASS_THROUGH } from '@llamactl/contract/operations';
import type { AuditTrail } from '../auth/audit.ts';
import type { Clock } from '../instances/ports.ts';
import { targetIn } from './path-target.ts';
import type { HttpReply, HttpRequest } from './plugin.ts';

export interface AuditWatchParts {
  audit: Pick<AuditTrail, 'record'>;
  clock: Pick<Clock, 'now'>;
  /** Where a request comes from. */
  addressOf: (raw: IncomingMessage) => string;
}

/** Of one subject's refused requests for one operation, so many are recorded in a minute: anybody can make any number. */
const MOST_REFUSALS = 100;
const REFUSALS: ReadonlySet<number> = new Set([401, 403, 429]);
const MINUTE_MS = 60_000;
/** What is recorded for a caller who hung up before the answer; nginx logs the same. */
const HUNG_UP = 499;
const READS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);
/** Calls of engines change nothing here; a WebSocket of events is reading. */
const NOT_RECORDED: ReadonlySet<string> = new Set([PASS_THROUGH.inference.id, PASS_THROUGH.events.id]);

/** Writes into the audit trail every request that changes something or wanted to, when its answer has been sent. */
export class AuditWatch {
  readonly #parts: AuditWatchParts;
  #minute = 0;
  /** Refused requests of this minute, by subject and operation. */
  readonly #refusals = new Map<string, number>();

  constructor(parts: AuditWatchParts) {
    this.#parts = parts;
  }

  watch(request: HttpRequest, reply: HttpReply): void {
    const action = request.routeOptions.config.access?.id;
    if (action === undefined || NOT_RECORDED.has(action) || isRead(request, action)) return;
    // Its connection may be gone when it is over.
    const address = this.#parts.addressOf(request.raw);
    reply.raw.once('close', () => {
      const status = statusOf(request, reply);
      const subject = request.caller?.subject ?? 'anonymous';
      if (REFUSALS.has(status) && this.#isOneTooMany(`${action} ${subject}`)) return;
      const target = request.concerns ?? targetIn(request.params);
      this.#parts.audit.record({ subject, address, action, target, status, requestId: request.id });
    });
  }

  #isOneTooMany(refused: string): boolean {
    const minute = Math.floor(this.#parts.clock.now() / MINUTE_MS);
    if (minute !== this.#minute) this.#refusals.clear();
    this.#minute = minute;
    const count = (this.#refusals.get(refused) ?? 0) + 1;
    this.#refusals.set(refused, count);
    return count > MOST_REFUSALS;
  }
}

function isRead({ method, upgradeHead }: HttpRequest, action: string): boolean {
  const isWebSocket = upgradeHead !== null && action === PASS_THROUGH.proxy.id;
  return READS.has(method) && !isWebSocket;
}

function statusOf({ upgradeHead, instance }: HttpRequest, { raw }: HttpReply): number {
  if (raw.headersSent) return raw.statusCode;
  // A WebSocket's answer is written past the response.
  return upgradeHead !== null && instance !== null ? 101 : HUNG_UP;
}
