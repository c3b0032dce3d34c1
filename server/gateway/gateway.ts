import type { IncomingMessage, ServerResponse } from 'node:http';
import { ApiError } from '@llamactl/contract/errors';
import type { Lease, LeaseOrigin } from '../instances/slots/leases.ts';
import { accounted } from './accounting.ts';
import { type Caller, watchCaller } from './caller-watch.ts';
import { enginePath } from './engine-path.ts';
import { crossesCallers, findInstance, modelFailure, noAnswerFailure, unknownInstance } from './failures.ts';
import { HeldStream } from './loading-keepalive.ts';
import { isolatedMessage } from './isolation.ts';
import { answerModels, isModelsUrl } from './models.ts';
import type { CallContext, GatewayDependencies } from './ports.ts';
import { NoAnswer, relay } from './relay.ts';
import type { RequestFacts, RequestRecord } from './request-record.ts';
import { lostRun, maySendAgain, noteRetry } from './retries.ts';
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
 * Passes requests to engines. Each method resolves when the answer has passed or the caller has left. It throws an
 * `ApiError` only while nothing has been sent: then the HTTP layer answers.
 */
export interface Gateway {
  /** Serves a request under `/v1`. Its URL or body names the instance. */
  byModel(request: IncomingMessage, response: ServerResponse, context: CallContext): Promise<void>;
  /** Serves a request under an instance's `/proxy`. */
  byName(request: IncomingMessage, response: ServerResponse, context: ProxyContext): Promise<void>;
  /** Serves a WebSocket under an instance's `/proxy`. @param head Bytes that the caller sent right after its request. */
  webSocket(request: IncomingMessage, response: ServerResponse, head: Buffer, context: ProxyContext): Promise<void>;
  /** Closes all WebSockets, which may otherwise stay open, and idle connections to engines. Other requests go on. */
  close(): void;
  /** Closes idle connections to engines, and keeps none from now on. Requests and WebSockets go on. */
  rest(): void;
}

/** A request that names its instance. */
interface Addressed {
  /** Name or alias. */
  target: string;
  context: CallContext;
  caller: Caller;
  record: RequestRecord;
  /** The answer, if it may begin before an engine is leased. */
  held: HeldStream | null;
}

/** A request under `/v1` whose model is known. */
interface RoutedCall {
  request: IncomingMessage;
  response: ServerResponse;
  route: Route;
  context: CallContext;
  caller: Caller;
}

/** Headers that `/proxy` blocks: none, so that an administrator reaches an engine's own sessions. */
const NOTHING: ReadonlySet<string> = new Set();

/** Creates the gateway. Every request takes the same steps: find the instance, lease its engine, pass the bytes. */
export function createGateway(dependencies: GatewayDependencies): Gateway {
  const { clock, bodies, requests, inferencePaths, settings, measureSendQueues, closed, trace } = dependencies;
  const closing = new AbortController();
  const turnEnd = new TurnEnd(clock);
  const upstream = new Upstream(clock, turnEnd);
  const stalledReaders = new StalledReaders(clock, measureSendQueues);
  const shared = { upstream, turnEnd, stalledReaders, clock };

  /**
   * Leases the engine of the request's instance.
   *
   * @param mayStart Whether to start a stopped instance, if its caller may, and to wait for a starting one.
   * @param failure Converts an error for the caller.
   * @param after The run that died under the request; left out for the first attempt.
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
    const { requestId } = context;
    const request = { instance: target, caller: account, requestId, mayStart, onlyRunning: !mayStart, after, ...ends };
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

  /** Leases by name only, as for all paths under `/api`; `acquire` would accept an alias. Starts no instance. */
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
   * Holds the lease while `pass` runs. If the engine gives no answer, throws an error with the reason.
   *
   * @param retry The request, if it may be sent again; left out or `null`: it may not.
   * @returns the run that died, if the request can be sent to the next run; `null`: the answer has passed
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
      const { requestId } = context;
      const parts = { instances: context.instances, clock, trace, requestId };
      if (isSecond && trace.isOn) noteRetry(parts, lease, 'second_death');
      if (retry !== null && maySendAgain(retry, inferencePaths(engineOf(lease, context)), lease, trace)) {
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
    return held === null ? whole : reportingInStream(held, caller, whole);
  }

  /** Rewrites and relays a request. Throws, or rejects, like {@link relay} and {@link isolatedMessage}. */
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

  /** Relays a request. @param message The request as the engine gets it. */
  function send(
    { request, response, context: { requestId, headers }, caller }: RoutedCall,
    { record: observer, held }: Addressed,
    lease: Lease,
    { path, body }: Message,
  ): Promise<void> {
    const passed = { request, response, path, body, requestId, headers, crossing: closed.headers };
    const exchange = { ...passed, callerSignal: caller.signal, observer, held };
    return relay(exchange, lease, shared);
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
        await hold(lease, addressed, () => relay(exchange, lease, shared));
      });
    });
  }

  async function webSocket(
    request: IncomingMessage,
    response: ServerResponse,
    head: Buffer,
    context: ProxyContext,
  ): Promise<void> {
    if (request.method !== 'GET') throw new ApiError('VALIDATION_ERROR', 'A WebSocket is requested with GET.');
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

/** Serves a request, and ignores errors after its caller has left. */
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

/** Sends an error inside of the held answer if that has begun; otherwise throws the error. */
async function reportingInStream(held: HeldStream, caller: Caller, whole: Promise<void>): Promise<void> {
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
