import type { IncomingMessage } from 'node:http';
import { ApiError } from '@llamactl/contract/errors';
import { CLOSE_CODES } from '@llamactl/contract/events';
import { OPERATIONS, PASS_THROUGH } from '@llamactl/contract/operations';
import { WebSocketServer } from 'ws';
import { z } from 'zod';
import type { Authenticator } from '../../auth/authenticator.ts';
import type { Caller } from '../../auth/caller.ts';
import type { Tickets } from '../../auth/tickets.ts';
import type { Clock } from '../../instances/ports/time.ts';
import { judge, validationError } from '../bodies/problems.ts';
import { refusalFor, type RateLimiter } from '../edge/gate.ts';
import { limitedSubject } from '../edge/rate-limit.ts';
import type { HttpPlugin, HttpRequest } from '../plugin.ts';
import type { InstanceManager } from '../../instances/use-cases.ts';
import { headerValues } from '../target.ts';
import { type LiveEvents, WebSocketClient } from '../websocket-client.ts';

export interface WebSocketRoutesParts {
  events: LiveEvents;
  /** Counts subscriptions to logs like requests for logs. */
  limits: RateLimiter;
  /** Returns the client address of a request. */
  addressOf: (raw: IncomingMessage) => string;
  /** The logs that a caller may see. */
  logsFor: (caller: Caller) => Pick<InstanceManager, 'followLogs'>;
  onFault: (error: unknown) => void;
  authenticator: Pick<Authenticator, 'authenticate'>;
  tickets: Pick<Tickets, 'redeem'>;
  /** `auth.enabled`; while it is off, no ticket is needed. */
  isAuthEnabled: boolean;
  clock: Clock;
  /** Aborts when another server has taken over. */
  leaving?: AbortSignal;
}

/** The only supported protocol. A browser can send credentials only as the name of a second protocol. */
const PROTOCOL = 'llamactl.v1';
const BEARER = 'bearer.';
/** Bytes; a subscription to a thousand instances fits. */
const LONGEST_MESSAGE = 65_536;
const KEY = /^[A-Za-z0-9+/]{22}==$/;
const VERSION = '13';

const QuerySchema = z.strictObject({
  after_seq: z
    .string()
    .regex(/^\d{1,16}$/, { error: 'must be the seq of a frame' })
    .transform(Number)
    .optional(),
  ticket: z.string().optional(),
});

/**
 * The WebSocket of the contract: `/api/ws`. A refused caller gets an ordinary HTTP error, before the connection is
 * switched.
 */
export function webSocketRoutes(parts: WebSocketRoutesParts): HttpPlugin {
  const { events, clock } = parts;
  return (app) => {
    const clients = new Set<WebSocketClient>();
    const server = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      maxPayload: LONGEST_MESSAGE,
      // Events are encoded once for all clients, so they cannot be compressed for each.
      perMessageDeflate: false,
      handleProtocols: (offered) => (offered.has(PROTOCOL) ? PROTOCOL : false),
    });
    let isClosing = false;
    parts.leaving?.addEventListener('abort', () => {
      for (const client of clients) client.end(CLOSE_CODES.goingAway, 'llamactl was replaced; connect again.');
    });
    app.addHook('preClose', async () => {
      isClosing = true;
      for (const client of clients) client.end(CLOSE_CODES.goingAway, 'llamactl is stopping; connect again.');
    });

    app.route({
      method: 'GET',
      url: PASS_THROUGH.events.path,
      exposeHeadRoute: false,
      config: { access: { ...PASS_THROUGH.events, decidesItself: true } },
      handler: async (request, reply) => {
        const caller = await authenticated(request, parts);
        const { upgradeHead: head, raw } = request;
        if (head === null) throw malformed('This is a WebSocket: ask for it with `Upgrade: websocket`.', 'Upgrade');
        checkHandshake(request);
        const { value: query, problems } = judge(QuerySchema, request.query);
        if (problems !== null) throw validationError(problems);
        if (isClosing) throw new ApiError('SHUTTING_DOWN', 'llamactl is stopping. Connect again when it is back.');
        reply.hijack();
        const address = parts.addressOf(raw);
        server.handleUpgrade(raw, raw.socket, head, (webSocket) => {
          const { after_seq: afterSeq = null } = query;
          const client = new WebSocketClient({
            webSocket,
            socket: raw.socket,
            caller,
            afterSeq,
            events,
            admitLog: () => parts.limits.count(limitedSubject(caller, address), OPERATIONS.getInstanceLogs).waitMs,
            logs: parts.logsFor(caller),
            clock,
            onFault: parts.onFault,
          });
          clients.add(client);
          webSocket.once('close', () => clients.delete(client));
        });
      },
    });
  };
}

/**
 * Authenticates the caller. A token in the query is ignored, because queries end up in logs.
 *
 * @throws {ApiError} `UNAUTHORIZED`, `TOKEN_EXPIRED`, `FORBIDDEN`
 */
async function authenticated(request: HttpRequest, parts: WebSocketRoutesParts): Promise<Caller> {
  const caller = request.caller ?? (await callerOf(request, parts));
  request.caller = caller;
  const refusal = refusalFor(caller, PASS_THROUGH.events.permission);
  if (refusal !== null) throw refusal;
  return caller;
}

function callerOf(request: HttpRequest, parts: WebSocketRoutesParts): Caller | Promise<Caller> {
  const { authenticator, tickets, isAuthEnabled } = parts;
  const token = offeredProtocols(request)
    .find((name) => name.startsWith(BEARER))
    ?.slice(BEARER.length);
  if (token !== undefined) return authenticator.authenticate({ authorization: `Bearer ${token}`, apiKey: undefined });
  const { ticket } = request.query as { ticket?: unknown };
  if (isAuthEnabled && typeof ticket === 'string') return tickets.redeem(ticket);
  if (!isAuthEnabled) return authenticator.authenticate({ authorization: undefined, apiKey: undefined });
  throw new ApiError(
    'UNAUTHORIZED',
    `Authentication required: send \`Authorization: Bearer\`, or the subprotocols ${PROTOCOL} and ${BEARER}TOKEN, or ?ticket= from POST /api/ws/ticket; a token in the query is not accepted.`,
  );
}

/** Checks the handshake, because the library would answer errors in its own format. */
function checkHandshake(request: HttpRequest): void {
  const { 'sec-websocket-key': key = '', 'sec-websocket-version': version } = request.raw.headers;
  if (!KEY.test(key)) throw malformed('The key of the WebSocket handshake is malformed.', 'Sec-WebSocket-Key');
  if (version !== VERSION) {
    throw malformed(`This server supports only version ${VERSION} of WebSocket.`, 'Sec-WebSocket-Version', {
      'sec-websocket-version': VERSION,
    });
  }
  const offered = offeredProtocols(request);
  const isMalformed = offered.some((name) => !TOKEN.test(name)) || new Set(offered).size < offered.length;
  if (isMalformed) throw malformed('The subprotocols are malformed.', 'Sec-WebSocket-Protocol');
}

/** RFC 9110, 5.6.2. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

function offeredProtocols({ raw }: HttpRequest): string[] {
  return headerValues(raw, 'sec-websocket-protocol').flatMap((line) => line.split(',').map((name) => name.trim()));
}

function malformed(message: string, header: string, headers: Record<string, string> = {}): ApiError {
  return new ApiError('VALIDATION_ERROR', message, { problems: [{ path: header, message }], headers });
}
