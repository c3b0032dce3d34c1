import type { IncomingMessage, ServerResponse } from 'node:http';
import { ApiError } from '@llamactl/contract/errors';
import type { Lease } from '../instances/leases.ts';
import { type Caller, watchCaller } from './caller.ts';
import { enginePath } from './engine-path.ts';
import { modelFailure, noAnswerFailure, unknownInstance } from './failures.ts';
import { answerModels, isModelsUrl } from './models.ts';
import type { CallContext, GatewayDependencies } from './ports.ts';
import { NoAnswer, relay } from './relay.ts';
import { findRoute } from './route.ts';
import { relayWebSocket } from './websocket.ts';

/** A request under `/api/instances/{name}/proxy`. */
export interface ProxyContext extends CallContext {
  /** The instance's name, decoded. */
  instance: string;
}

/**
 * Requests for engines. Each method resolves when the answer has passed or the caller has left, and throws an `ApiError`
 * while nothing has been sent: then the answer is the HTTP layer's to give.
 */
export interface Gateway {
  /** Anything under `/v1`: the request itself says which instance it is for. */
  byModel(request: IncomingMessage, response: ServerResponse, context: CallContext): Promise<void>;
  /** Anything under an instance's `/proxy`. */
  byName(request: IncomingMessage, response: ServerResponse, context: ProxyContext): Promise<void>;
  /** A WebSocket under an instance's `/proxy`. `head`: what the caller sent right behind its request. */
  webSocket(request: IncomingMessage, response: ServerResponse, head: Buffer, context: ProxyContext): Promise<void>;
  /** Closes the WebSockets, which end by themselves only when one side wants to; requests end by themselves. */
  close(): void;
}

/** One way to every engine: find the instance, lease its engine, pass the bytes. */
export function createGateway({ clock }: GatewayDependencies): Gateway {
  const closing = new AbortController();

  async function acquire(instance: string, context: CallContext, { signal }: Caller): Promise<Lease> {
    const { instances, caller, onLease } = context;
    const lease = await instances.acquire({ instance, caller, signal });
    onLease(lease.instance);
    return lease;
  }

  async function acquireModel(model: string, context: CallContext, caller: Caller): Promise<Lease> {
    try {
      return await acquire(model, context, caller);
    } catch (error) {
      throw modelFailure(error, model, context.instances);
    }
  }

  /** Paths under `/api` know names only, although `acquire` would take an alias too. */
  async function acquireNamed({ instance: name, ...context }: ProxyContext, caller: Caller): Promise<Lease> {
    const lease = await acquire(name, context, caller);
    if (lease.instance.toLowerCase() === name.toLowerCase()) return lease;
    lease.release();
    throw unknownInstance(name);
  }

  /** Holds the lease while `pass` is at work, and turns an engine's silence into an error that says why. */
  async function hold(
    lease: Lease,
    { instances }: CallContext,
    caller: Caller,
    pass: (lease: Lease) => Promise<void>,
  ): Promise<void> {
    try {
      await pass(lease);
    } catch (error) {
      if (!(error instanceof NoAnswer) || caller.signal.aborted) throw error;
      throw await noAnswerFailure(lease, caller.signal, { instances, clock });
    } finally {
      lease.release();
    }
  }

  async function byModel(request: IncomingMessage, response: ServerResponse, context: CallContext): Promise<void> {
    if (isModelsUrl(context.url)) return answerModels(request, response, context);
    await whileCallerWaits(request, response, async (caller) => {
      const { url: path, requestId, headers } = context;
      const { model, body } = await findRoute(request, path);
      const exchange = { request, response, path, body, requestId, headers, callerSignal: caller.signal };
      await hold(await acquireModel(model, context, caller), context, caller, (lease) => relay(exchange, lease));
    });
  }

  async function byName(request: IncomingMessage, response: ServerResponse, context: ProxyContext): Promise<void> {
    await whileCallerWaits(request, response, async (caller) => {
      const { url, requestId, headers } = context;
      const message = { request, response, path: enginePath(url), body: null };
      const exchange = { ...message, requestId, headers, callerSignal: caller.signal };
      await hold(await acquireNamed(context, caller), context, caller, (lease) => relay(exchange, lease));
    });
  }

  async function webSocket(
    request: IncomingMessage,
    response: ServerResponse,
    head: Buffer,
    context: ProxyContext,
  ): Promise<void> {
    if (request.method !== 'GET') throw new ApiError('VALIDATION_ERROR', 'A WebSocket is asked for with GET.');
    await whileCallerWaits(request, response, async (caller) => {
      const { url, requestId, headers } = context;
      const ends = { callerSignal: caller.signal, closing: closing.signal };
      const handshake = { request, socket: request.socket, head, path: enginePath(url), requestId, headers, ...ends };
      await hold(await acquireNamed(context, caller), context, caller, (lease) => relayWebSocket(handshake, lease));
    });
  }

  return { byModel, byName, webSocket, close: () => closing.abort() };
}

/** To a caller that has left there is nothing to say. */
async function whileCallerWaits(
  request: IncomingMessage,
  response: ServerResponse,
  serve: (caller: Caller) => Promise<void>,
): Promise<void> {
  const caller = watchCaller(request, response);
  try {
    await serve(caller);
  } catch (error) {
    if (!caller.signal.aborted) throw error;
  } finally {
    caller.release();
  }
}
