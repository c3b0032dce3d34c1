import type { IncomingMessage, ServerResponse } from 'node:http';
import { ApiError } from '@llamactl/contract/errors';
import type { Lease, LeaseOrigin } from '../instances/leases.ts';
import { accounted } from './accounting.ts';
import { type Caller, watchCaller } from './caller.ts';
import { enginePath } from './engine-path.ts';
import { crossesCallers, findInstance, modelFailure, noAnswerFailure, unknownInstance } from './failures.ts';
import { HeldStream } from './held-stream.ts';
import { isolatedMessage } from './isolation.ts';
import { answerModels, isModelsUrl } from './models.ts';
import type { CallContext, GatewayDependencies } from './ports.ts';
import { NoAnswer, relay } from './relay.ts';
import type { RequestFacts, RequestRecord } from './request-record.ts';
import { lostRun, maySendAgain } from './retries.ts';
import { type Message, rewritten } from './rewriting.ts';
import { findRoute, type Route } from './route.ts';
import { StalledReaders } from './stalled-readers.ts';
import { TurnEnd } from './turn-end.ts';
import { Upstream } from './upstream.ts';
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
  /** Closes the WebSockets, which end by themselves only when one side wants to, and idle connections to engines; requests end by themselves. */
  close(): void;
  /** Keeps no idle connections to engines from now on; everything else goes on. */
  rest(): void;
}

/** A request whose instance is known by some name. */
interface Addressed {
  /** Name or alias. */
  target: string;
  context: CallContext;
  caller: Caller;
  record: RequestRecord;
  /** The answer, if it can begin before there is an engine for it. */
  held: HeldStream | null;
}

/** A request under `/v1` whose instance is known by some name. */
interface RoutedCall {
  request: IncomingMessage;
  response: ServerResponse;
  route: Route;
  context: CallContext;
  caller: Caller;
}

/** An admin reaches an engine's own sessions through `/proxy`. */
const NOTHING: ReadonlySet<string> = new Set();

/** One way to every engine: find the instance, lease its engine, pass the bytes. */
export function createGateway(dependencies: GatewayDependencies): Gateway {
  const { clock, bodies, requests, inferencePaths, settings, measureSendQueues, closed } = dependencies;
  const closing = new AbortController();
  const turnEnd = new TurnEnd(clock);
  const upstream = new Upstream(clock, turnEnd);
  const stalledReaders = new StalledReaders(clock, measureSendQueues);
  const ways = { upstream, turnEnd, stalledReaders, clock };

  /**
   * @param mayStart What is stopped is started for it, if its caller may do that, and what starts is waited for.
   * @param failure What a refusal is to its caller.
   * @param after The run that died under the request; left out: none did.
   */
  async function acquire(
    { target, context, caller, record, held }: Addressed,
    mayStart: boolean,
    failure: (error: unknown) => unknown,
    after?: LeaseOrigin,
  ): Promise<Lease> {
    const { instances, account } = context;
    const onWaiting = (): void => {
      record.waits(findInstance(instances.list(), target)?.name ?? null);
      held?.waits();
    };
    const ends = { signal: caller.signal, onWaiting };
    const request = { instance: target, caller: account, mayStart, onlyRunning: !mayStart, after, ...ends };
    try {
      return await instances.acquire(request);
    } catch (error) {
      onWaiting();
      throw failure(error);
    }
  }

  function enter(lease: Lease, { context, record }: Addressed): Lease {
    context.onLease(lease.instance);
    record.leased(lease.instance);
    return lease;
  }

  /** Paths under `/api` know names only, although `acquire` would take an alias too. They start nothing. */
  async function acquireNamed(addressed: Addressed): Promise<Lease> {
    const { target: name } = addressed;
    const lease = await acquire(addressed, false, (error) => error);
    if (lease.instance.toLowerCase() === name.toLowerCase()) return enter(lease, addressed);
    lease.release();
    throw unknownInstance(name);
  }

  function begin(
    facts: Omit<RequestFacts, 'id' | 'caller' | 'instance'>,
    { requestId: id, caller: subject, onOver }: CallContext,
    caller: Caller,
  ): RequestRecord {
    const record = requests.begin({ ...facts, id, caller: subject, instance: null }, caller.dismiss);
    if (onOver !== undefined) record.watch(onOver);
    return record;
  }

  /**
   * Holds the lease until all has passed, and turns an engine's silence into an error that says why.
   *
   * @param retry The request as it can be sent again; left out: it cannot.
   * @returns the run whose death is to be waited out before the request is sent again; `null`: all has passed
   */
  async function hold(
    lease: Lease,
    { context, caller, held }: Addressed,
    pass: () => Promise<void>,
    { retry = null, isSecond = false }: { retry?: RoutedCall | null; isSecond?: boolean } = {},
  ): Promise<LeaseOrigin | null> {
    try {
      await pass();
      return null;
    } catch (error) {
      if (!(error instanceof NoAnswer) || caller.signal.aborted) throw error;
      const parts = { instances: context.instances, clock };
      if (retry !== null && maySendAgain(retry, inferencePaths(engineOf(lease, context)))) {
        held?.waits();
        const lost = await lostRun(lease, caller.signal, parts);
        if (lost !== null) return lost;
      }
      throw await noAnswerFailure(lease, caller.signal, parts, isSecond);
    } finally {
      lease.release();
    }
  }

  function engineOf({ instance }: Lease, { instances }: CallContext): string {
    return findInstance(instances.list(), instance)?.engine ?? '';
  }

  /** Passes a request to an engine, and to the engine's next run if it dies before it answers. */
  async function answer(call: RoutedCall, addressed: Addressed): Promise<void> {
    const { target: model, context, held } = addressed;
    const toModel = (error: unknown): unknown => modelFailure(error, model, context.instances);
    const first = await acquire(addressed, true, toModel);
    enter(first, addressed);
    held?.stop();
    const lost = await hold(first, addressed, () => pass(call, addressed, first), { retry: call });
    if (lost === null) return;
    const second = await acquire({ ...addressed, target: first.instance }, true, toModel, lost);
    enter(second, addressed);
    held?.stop();
    await hold(second, addressed, () => pass(call, addressed, second), { isSecond: true });
  }

  async function byModel(request: IncomingMessage, response: ServerResponse, context: CallContext): Promise<void> {
    if (isModelsUrl(context.url)) return answerModels(request, response, context, settings);
    if (closed.covers(context.url)) throw crossesCallers();
    await whileCallerWaits(request, response, async (caller) => {
      const { url: path, account } = context;
      const route = await findRoute(request, path, bodies, { account, signal: caller.signal });
      try {
        await serveRoute({ request, response, route, context, caller });
      } finally {
        route.body?.release();
      }
    });
  }

  function serveRoute(call: RoutedCall): Promise<void> {
    const { request, response, route, context, caller } = call;
    const { url } = context;
    const { model, isStream } = route;
    const stream = route.body === null ? null : isStream;
    const facts = { model, door: 'v1', method: methodOf(request), path: url, stream } as const;
    const held = isStream ? heldStream(response, context) : null;
    const record = begin(facts, context, caller);
    const addressed = { target: model, context, caller, record, held };
    const whole = accounted(record, response, caller, () => answer(call, addressed));
    return held === null ? whole : tellingInside(held, caller, whole);
  }

  /** Throws, or rejects, as {@link relay} and {@link isolatedMessage} do. */
  function pass(call: RoutedCall, addressed: Addressed, lease: Lease): Promise<void> {
    const { request, route, context, caller } = call;
    const { url, account } = context;
    const { settings } = lease.record;
    if (settings.isolated !== true) {
      return send(call, addressed, lease, rewritten({ path: url, body: route.body }, route.source, settings));
    }
    const isolated = isolatedMessage({ request, url, route, account, signal: caller.signal }, lease, bodies);
    return isolated.then((message) => send(call, addressed, lease, message));
  }

  /** @param message The request as its engine gets it. */
  function send(
    { request, response, context: { requestId, headers }, caller }: RoutedCall,
    { record: observer, held }: Addressed,
    lease: Lease,
    { path, body }: Message,
  ): Promise<void> {
    const passed = { request, response, path, body, requestId, headers, crossing: closed.headers };
    const exchange = { ...passed, callerSignal: caller.signal, observer, held };
    return relay(exchange, lease, ways);
  }

  function heldStream(response: ServerResponse, { headers, requestId, url: path }: CallContext): HeldStream | null {
    const { loadingKeepaliveSeconds: seconds } = settings;
    return seconds === 0 ? null : new HeldStream({ response, headers, requestId, path, clock, seconds });
  }

  async function byName(request: IncomingMessage, response: ServerResponse, context: ProxyContext): Promise<void> {
    await whileCallerWaits(request, response, async (caller) => {
      const { url, requestId, headers, instance: target } = context;
      const path = enginePath(url);
      const facts = { model: null, door: 'proxy', method: methodOf(request), path, stream: null } as const;
      const record = begin(facts, context, caller);
      await accounted(record, response, caller, async () => {
        const addressed = { target, context, caller, record, held: null };
        const lease = await acquireNamed(addressed);
        const message = { request, response, path, body: null, requestId, headers };
        const exchange = { ...message, crossing: NOTHING, callerSignal: caller.signal, observer: record };
        await hold(lease, addressed, () => relay(exchange, lease, ways));
      });
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
      const { url, requestId, headers, instance: target } = context;
      const path = enginePath(url);
      const ends = { callerSignal: caller.signal, closing: closing.signal };
      const handshake = { request, socket: request.socket, head, path, requestId, headers, ...ends };
      const facts = { model: null, door: 'proxy', method: methodOf(request), path, stream: null } as const;
      const record = begin(facts, context, caller);
      await accounted(record, response, caller, async () => {
        const addressed = { target, context, caller, record, held: null };
        const lease = await acquireNamed(addressed);
        record.switches();
        await hold(lease, addressed, () => relayWebSocket(handshake, lease));
      });
    });
  }

  function close(): void {
    closing.abort();
    upstream.close();
  }

  return { byModel, byName, webSocket, close, rest: () => upstream.close() };
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
    if (!caller.isGone) throw error;
  } finally {
    caller.release();
  }
}

/** Once a held answer has begun, what goes wrong can only be told inside of it. */
async function tellingInside(held: HeldStream, caller: Caller, whole: Promise<void>): Promise<void> {
  try {
    await whole;
  } catch (error) {
    if (!held.hasBegun || caller.isGone) throw error;
    held.fail(error);
  } finally {
    held.stop();
  }
}

function methodOf({ method }: IncomingMessage): string {
  return method ?? 'GET';
}
