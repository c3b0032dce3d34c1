import type { IncomingMessage, ServerResponse } from 'node:http';
import { ApiError } from '@llamactl/contract/errors';
import type { RequestOutcome } from '@llamactl/contract/requests';
import { OutOfScope, type Lease, type LeaseOrigin } from '../instances/slots/leases.ts';
import { bodyMeter, bookedTokens, mayGenerate } from './booked-tokens.ts';
import type { Admission, CallerLimits } from './caller-limits.ts';
import type { Dialect } from './dialects.ts';
import {
  crossesCallers,
  findInstance,
  modelFailure,
  noAnswerFailure,
  repeatedVersion,
  unknownInstance,
} from './failures.ts';
import { enginePath, pathOnly } from './headers.ts';
import { isolatedMessage } from './isolation.ts';
import { HeldStream } from './loading-keepalive.ts';
import type { CallContext, GatewayDependencies } from './gateway-ports.ts';
import { NoAnswer, relay, type RelayServices } from './relay.ts';
import type { RequestRecord } from './requests.ts';
import { type Message, rewritten } from './rewriting.ts';
import type { Route } from './route.ts';
import { promptedMessage } from './system-prompt.ts';
import { type Attempt, lostRun, maySendAgain, noteRetry } from './second-attempt.ts';
import { relayWebSocket } from './websocket.ts';

/** Objects that all requests share. */
export interface GatewayServices extends GatewayDependencies, RelayServices {
  clock: GatewayDependencies['clock'];
  limits: CallerLimits;
  /** Aborted when this server stops. */
  closing: AbortSignal;
}

/** The error of a request that an operator ended. If its answer has begun, only the record has it. */
const CANCELLED = { code: 'REQUEST_CANCELLED', message: 'This request was cancelled by an operator.' } as const;

/** Headers that `/proxy` blocks: none, so that an administrator reaches an engine's own sessions. */
const NOTHING: ReadonlySet<string> = new Set();

/** One request to an engine, from its arrival to the end of its record. {@link run} has the steps in order. */
export class GatewayRequest {
  readonly #services: GatewayServices;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #context: CallContext;
  readonly #dialect: Dialect;
  readonly #controller = new AbortController();
  /** Aborted when the caller leaves before its answer is complete, or an operator cancels the request. */
  readonly #signal = this.#controller.signal;
  /** The caller's connection closed before the answer was complete, so no answer can be sent. */
  #isGone = false;
  #admission: Admission | null = null;
  /** Returns the length of the body so far, in bytes, for the caller's limits; `null`: the caller has no limits. */
  #bodyLength: (() => number) | null = null;
  /** Tokens that count towards the caller's limits. */
  #tokens = 0;
  /** The model that the request names; `null`: its path names the instance. */
  #route: Route | null = null;
  #record: RequestRecord | null = null;
  /** The answer, if it may begin before an engine is leased. */
  #held: HeldStream | null = null;
  /** Name or alias of the instance. */
  #target = '';
  /** Path and query for the engine, before they are rewritten. */
  #path = '';

  /** @param dialect The API of the path, for a request that names a model. */
  constructor(
    services: GatewayServices,
    request: IncomingMessage,
    response: ServerResponse,
    context: CallContext,
    dialect: Dialect,
  ) {
    this.#services = services;
    this.#request = request;
    this.#response = response;
    this.#context = context;
    this.#dialect = dialect;
  }

  /**
   * Serves the request. Ignores errors after its caller has left.
   *
   * @throws {ApiError} like `Gateway.serve`
   */
  async run(): Promise<void> {
    this.#watchCaller();
    try {
      this.#admit();
      this.#target = this.#context.instance ?? (await this.#findModel());
      const record = this.#begin();
      let lost: LeaseOrigin | null = null;
      do {
        const lease: Lease = await this.#acquire(record, lost);
        lost = await this.#pass(lease, record, lost !== null);
      } while (lost !== null);
      this.#endPassed(record);
    } catch (thrown) {
      const error = this.#endFailed(thrown);
      if (this.#isGone) return;
      if (this.#held?.hasBegun !== true) throw error;
      this.#held.fail(error);
    } finally {
      this.#held?.stop();
      this.#route?.body?.release();
      this.#admission?.end(this.#tokens);
      this.#response.removeListener('close', this.#leave);
    }
  }

  #watchCaller(): void {
    this.#response.once('close', this.#leave);
    // A connection that is already destroyed emits no `close` any more.
    if (this.#request.socket.destroyed) this.#leave();
  }

  readonly #leave = (): void => {
    if (this.#response.writableFinished) return;
    this.#isGone = true;
    this.#controller.abort();
  };

  /**
   * Counts the request towards its caller's limits. The request counts as in flight from here to its end, also while it
   * waits.
   *
   * @throws {ApiError} beyond a limit, and for a WebSocket that is not requested with GET
   */
  #admit(): void {
    const { holders, upgradeHead } = this.#context;
    if (upgradeHead !== null && this.#request.method !== 'GET') {
      throw new ApiError('VALIDATION_ERROR', 'A WebSocket is requested with GET.');
    }
    if (holders.length === 0) return;
    this.#admission = this.#services.limits.admit(holders, this.#context.requestId);
    this.#bodyLength = bodyMeter(this.#request);
    this.#context.onAdmitted(this.#admission.headers);
  }

  /** Returns the model that the request names. @throws {ApiError} */
  async #findModel(): Promise<string> {
    const { closed, bodies } = this.#services;
    const { url, account } = this.#context;
    if (closed.covers(url)) throw crossesCallers();
    // Refuse this before an engine starts for it. Clients send it if their base URL and their own paths both have /v1.
    if (url.startsWith('/v1/v1/')) throw repeatedVersion(pathOnly(url));
    this.#route = await this.#dialect.findRoute(this.#request, url, bodies, { account, signal: this.#signal });
    return this.#route.model;
  }

  /** Begins the record. Also prepares a streamed answer, because it may begin before an engine is leased. */
  #begin(): RequestRecord {
    const { requests, settings, clock } = this.#services;
    const { url, requestId: id, caller, author, headers } = this.#context;
    const route = this.#route;
    const { loadingKeepaliveSeconds: seconds } = settings;
    if (route?.isStream === true && seconds !== 0) {
      const response = this.#response;
      this.#held = new HeldStream({ response, headers, requestId: id, dialect: this.#dialect, clock, seconds });
    }
    this.#path = route === null ? enginePath(url) : url;
    const record = requests.begin(
      {
        id,
        caller,
        author,
        instance: null,
        model: route === null ? null : route.model,
        door: route === null ? 'proxy' : 'v1',
        method: this.#request.method ?? 'GET',
        path: this.#path,
        stream: route === null || route.body === null ? null : route.isStream,
        userAgent: this.#request.headers['user-agent'] ?? null,
      },
      this.#dismiss,
    );
    this.#record = record;
    this.#context.onRecord();
    return record;
  }

  readonly #dismiss = (): void => this.#controller.abort();

  /**
   * Leases the engine of the request's instance. A request for a model starts a stopped instance, if its caller may, and waits
   * for a starting one. A request under `/proxy` does neither, and names an instance by its name only.
   *
   * @param after The run that died under the request; `null`: this is the first attempt.
   */
  async #acquire(record: RequestRecord, after: LeaseOrigin | null): Promise<Lease> {
    const context = this.#context;
    const target = this.#target;
    const isModel = this.#route !== null;
    let lease: Lease;
    try {
      lease = await context.instances.acquire({
        instance: target,
        caller: context.account,
        subject: context.caller,
        requestId: context.requestId,
        mayStart: isModel,
        onlyRunning: !isModel,
        after: after ?? undefined,
        signal: this.#signal,
        onWaiting: this.#onWaiting,
      });
    } catch (error) {
      this.#onWaiting();
      throw this.#route === null ? error : modelFailure(error, this.#route.model, context);
    }
    if (!isModel && lease.instance.toLowerCase() !== target.toLowerCase()) {
      lease.release();
      throw unknownInstance(target);
    }
    this.#target = lease.instance;
    context.onLease(lease.instance);
    record.leased(lease.instance);
    if (context.upgradeHead !== null) record.switches();
    this.#held?.stop();
    return lease;
  }

  readonly #onWaiting = (): void => {
    const instance = findInstance(this.#context.instances.list(), this.#target);
    this.#record?.waits(instance?.name ?? null, instance?.status ?? null);
    this.#held?.waits();
  };

  /**
   * Passes the request to a leased engine, and ends the lease.
   *
   * @param isSecond Whether this is the second attempt, after another run died under the request.
   * @returns the run that died, if the request can be sent to the next run; `null`: the answer was relayed
   * @throws {ApiError} with the reason, if the engine gives no answer
   */
  async #pass(lease: Lease, record: RequestRecord, isSecond: boolean): Promise<LeaseOrigin | null> {
    try {
      await this.#relay(lease, record);
      return null;
    } catch (error) {
      if (!(error instanceof NoAnswer) || this.#signal.aborted) throw error;
      const { clock, trace } = this.#services;
      const { instances, requestId } = this.#context;
      const attempt = { lease, requestId, trace };
      if (isSecond && trace.isOn) noteRetry(attempt, 'second_death');
      if (!isSecond && this.#maySendAgain(attempt)) {
        this.#held?.waits();
        const lost = await lostRun(attempt, this.#signal, { instances, clock });
        if (lost !== null) return lost;
      }
      throw await noAnswerFailure(lease, this.#signal, { instances, clock }, isSecond);
    } finally {
      lease.reused?.(record.reuse);
      lease.release();
    }
  }

  #maySendAgain(attempt: Attempt): boolean {
    if (this.#route === null) return false;
    const { url, instances } = this.#context;
    const engine = findInstance(instances.list(), attempt.lease.instance)?.engine ?? '';
    const sent = { request: this.#request, path: pathOnly(url), body: this.#route.body };
    return maySendAgain(attempt, sent, this.#services.inferencePaths(engine));
  }

  /** Rewrites the request for the instance, and relays it. Throws, or rejects, like `relay`, `isolatedMessage` and `promptedMessage`. */
  #relay(lease: Lease, record: RequestRecord): Promise<void> {
    const { url, account, requestId, headers, upgradeHead: head } = this.#context;
    const { bodies, closing } = this.#services;
    const request = this.#request;
    const route = this.#route;
    const path = this.#path;
    const signal = this.#signal;
    if (head !== null) {
      const { socket } = request;
      return relayWebSocket({ request, socket, head, path, requestId, headers, callerSignal: signal, closing }, lease);
    }
    if (route === null) return this.#exchange(lease, record, { path, body: null });
    const { settings } = lease.record;
    const { isolated, system_prompt: prompt = '' } = settings;
    const shape = prompt === '' ? undefined : this.#dialect.prompts.get(pathOnly(url));
    if (isolated !== true && shape === undefined) {
      return this.#exchange(lease, record, rewritten({ path, body: route.body }, route.source, settings));
    }
    const message =
      isolated === true || shape === undefined
        ? isolatedMessage({ request, url, shape, route, account, signal }, lease, bodies)
        : promptedMessage(path, route, shape, settings, { bodies, signal });
    return message.then((built) => this.#exchange(lease, record, built));
  }

  /** @param message The request as the engine gets it. */
  #exchange(lease: Lease, observer: RequestRecord, { path, body }: Message): Promise<void> {
    const { requestId, headers } = this.#context;
    const services = this.#services;
    return relay(
      {
        request: this.#request,
        response: this.#response,
        path,
        body,
        requestId,
        headers,
        crossing: this.#route === null ? NOTHING : services.closed.headers,
        callerSignal: this.#signal,
        observer,
        held: this.#held,
      },
      lease,
      services,
    );
  }

  /** Ends the record of a request whose answer was relayed or broke off. */
  #endPassed(record: RequestRecord): void {
    const { statusCode, writableFinished } = this.#response;
    const { shutOut } = this.#context;
    if (record.isCancelled) {
      record.fails(CANCELLED.code, CANCELLED.message);
      this.#end(record, 'cancelled');
    } else if (shutOut !== null && !writableFinished) this.#endShutOut(record, shutOut);
    else if (this.#context.upgradeHead !== null) this.#end(record, 'ok');
    else if (!writableFinished) this.#end(record, this.#signal.aborted ? 'aborted' : 'broken');
    else if (statusCode >= 500) this.#end(record, 'engine_error', statusCode);
    else this.#end(record, statusCode >= 400 ? 'client_error' : 'ok', statusCode);
  }

  /** Ends the record of a request that failed. @returns the error that its caller gets */
  #endFailed(error: unknown): unknown {
    const record = this.#record;
    if (record === null) {
      if (error instanceof ApiError && !this.#signal.aborted) this.#services.requests.refuse(this.#context.author);
      return error;
    }
    if (record.isCancelled) {
      // Answer with an error: a client that loses its connection without an answer retries.
      const refusal = new ApiError(CANCELLED.code, CANCELLED.message, { cause: error });
      record.fails(refusal.code, refusal.message);
      this.#end(record, 'cancelled', refusal.status);
      return refusal;
    }
    const { shutOut } = this.#context;
    if (shutOut !== null) this.#endShutOut(record, shutOut);
    else if (this.#signal.aborted) this.#end(record, 'aborted');
    else {
      if (error instanceof ApiError) record.fails(error.code, recordedMessage(error));
      else record.fails('INTERNAL_ERROR', 'A bug in llamactl; its log has the details.');
      this.#end(record, record.wasLeased ? 'broken' : 'refused', error instanceof ApiError ? error.status : 500);
    }
    return error;
  }

  /** Ends the record of a request whose connection llamactl closed: its caller did not give up. */
  #endShutOut(record: RequestRecord, { code, message }: ApiError): void {
    record.fails(code, message);
    this.#end(record, 'cancelled');
  }

  #end(record: RequestRecord, outcome: RequestOutcome, status: number | null = null): void {
    const figures = record.end(outcome, status);
    if (figures === null || this.#bodyLength === null) return;
    const speed = figures.instance === null ? 0 : this.#services.requests.speedOf(figures.instance);
    this.#tokens = bookedTokens(figures, this.#bodyLength(), speed, mayGenerate(this.#request));
  }
}

/** The message for the record of a request. It may say more than the answer: the caller of a scoped key does not see it. */
function recordedMessage({ message, cause }: ApiError): string {
  return cause instanceof OutOfScope ? cause.message : message;
}
