import { LogController } from 'fastify';
import type { Clock } from '../instances/ports/time.ts';
import type { HttpReply, HttpRequest } from './plugin.ts';
import { targetIn } from './path-target.ts';

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
