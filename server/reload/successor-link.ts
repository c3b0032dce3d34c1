import type { Duplex } from 'node:stream';
import { ApiError } from '@llamactl/contract/errors';
import type { ActiveRequest, FinishedRequest } from '@llamactl/contract/requests';
import type { RunUse } from '../instances/slots/lease-book.ts';
import { EngineDied, type Lease, type LeaseRequest } from '../instances/slots/leases.ts';
import { witnessOf } from '../supervisor/port-witness.ts';
import { Channel } from './channel.ts';
import { FROM_SUCCESSOR, type FromSuccessor, type Hello, type SentLease, type ToSuccessor } from './messages.ts';
import { receivedError } from './sent-error.ts';

/** Handles the messages of a successor that need action in this server. */
export interface SuccessorListener {
  /** Every lease of a run that this server holds must end now. `died`: the engine exited on its own. */
  onBreak(instance: string, run: number, died: boolean): void;
  /** Requests with these credentials must end now. */
  onDead(dead: Dead): void;
  /** This request must end now. */
  onCancel(request: string): void;
  /** The service ends. */
  onEnd(): void;
  /** Called for a message of a type that only a later version knows. */
  onUnknown(type: string): void;
}

/** An unanswered request for a lease. */
interface Asked {
  request: LeaseRequest;
  resolve(lease: Lease): void;
  reject(error: unknown): void;
}

/** Credentials that are no longer valid; unknown kinds are ignored. */
export type Dead = Omit<Extract<FromSuccessor, { type: 'dead' }>, 'type'>;

/** Content of an `audit` message. */
type UsedRequest = Extract<ToSuccessor, { type: 'used' }>['request'];
type AuditEntry = Extract<ToSuccessor, { type: 'audit' }>['entry'];

/** The predecessor's link to its successor. */
export class SuccessorLink {
  /** Resolves when the successor can take over; rejects with a message for people when it cannot. */
  readonly prepared: Promise<void>;
  /** Resolves to the path of the successor's door when the successor serves; rejects like `prepared`. */
  readonly ready: Promise<string>;
  /** Resolves when the link is closed; `lost`: neither side had announced its end. */
  readonly closed: Promise<'ended' | 'lost'>;
  readonly #channel: Channel<ToSuccessor, FromSuccessor>;
  readonly #asked = new Map<number, Asked>();
  readonly #held = new Map<number, AbortController>();
  #nextId = 0;
  #isEnding = false;
  #isClosed = false;

  constructor(stream: Duplex, listener: SuccessorListener) {
    const prepared = Promise.withResolvers<void>();
    const ready = Promise.withResolvers<string>();
    const closed = Promise.withResolvers<'ended' | 'lost'>();
    const fail = (error: Error): void => {
      prepared.reject(error);
      ready.reject(error);
    };
    for (const { promise } of [prepared, ready]) promise.catch(() => undefined);
    this.prepared = prepared.promise;
    this.ready = ready.promise;
    this.closed = closed.promise;
    this.#channel = new Channel(stream, FROM_SUCCESSOR, {
      heard: (message) => {
        switch (message.type) {
          case 'prepared':
            return prepared.resolve();
          case 'refused':
            return fail(new Error(message.reason));
          case 'ready':
            return ready.resolve(message.door);
          case 'break':
            return listener.onBreak(message.instance, message.run, message.died === true);
          case 'dead':
            return listener.onDead({ kind: message.kind, whose: message.whose });
          case 'cancel':
            return listener.onCancel(message.request);
          case 'end':
            this.#isEnding = true;
            return listener.onEnd();
          default:
            return this.#answered(message);
        }
      },
      unknown: (type) => listener.onUnknown(type),
      closed: (error) => {
        this.#isClosed = true;
        fail(error ?? new Error('the new process ended before it served; the log says more'));
        for (const asked of this.#asked.values()) asked.reject(noServer());
        this.#asked.clear();
        if (!this.#isEnding) for (const controller of this.#held.values()) controller.abort();
        closed.resolve(this.#isEnding ? 'ended' : 'lost');
      },
    });
  }

  hello(hello: Omit<Hello, 'type'>): void {
    this.#channel.send({ type: 'hello', ...hello });
  }

  take(uses: readonly RunUse[]): void {
    this.#channel.send({ type: 'take', uses: [...uses] });
  }

  report({ instance, run, open }: Pick<RunUse, 'instance' | 'run' | 'open'>): void {
    this.#channel.send({ type: 'leases', instance, run, open });
  }

  /** Reports all requests that this server still serves. */
  requests(list: readonly ActiveRequest[]): void {
    this.#channel.send({ type: 'requests', list: [...list] });
  }

  record(entry: AuditEntry): void {
    this.#channel.send({ type: 'audit', entry });
  }

  used(request: UsedRequest): void {
    this.#channel.send({ type: 'used', request });
  }

  finished(request: FinishedRequest): void {
    this.#channel.send({ type: 'finished', request });
  }

  /** Requests a lease from the successor, for use in this server. Rejects like `acquire` of the instances. */
  async acquire(request: LeaseRequest): Promise<Lease> {
    const { instance, caller, subject, requestId, mayStart, onlyRunning = false, signal, after: lost } = request;
    signal.throwIfAborted();
    if (this.#isClosed) throw noServer();
    const id = this.#nextId;
    this.#nextId += 1;
    const { promise, resolve, reject } = Promise.withResolvers<Lease>();
    this.#asked.set(id, { request, resolve, reject });
    const leave = (): void => {
      if (!this.#asked.delete(id)) return;
      this.#channel.send({ type: 'release', id });
      reject(signal.reason);
    };
    signal.addEventListener('abort', leave, { once: true });
    const after = lost === undefined ? {} : { after: { instance: lost.instance, run: lost.run } };
    this.#channel.send({ type: 'acquire', id, instance, caller, subject, requestId, mayStart, onlyRunning, ...after });
    return promise.finally(() => signal.removeEventListener('abort', leave));
  }

  /** Closes the link, because this server has nothing more to send. */
  close(): void {
    this.#isEnding = true;
    this.#channel.close();
  }

  #answered(message: Extract<FromSuccessor, { id: number }>): void {
    const { id } = message;
    if (message.type === 'revoked') {
      return this.#held.get(id)?.abort(message.died === true ? new EngineDied() : undefined);
    }
    const asked = this.#asked.get(id);
    if (asked === undefined) return;
    if (message.type === 'waiting') return asked.request.onWaiting?.();
    this.#asked.delete(id);
    if (message.type === 'denied') asked.reject(receivedError(message.error));
    else asked.resolve(this.#leaseOf(id, message.lease));
  }

  #leaseOf(id: number, { instance, record, target, run }: SentLease): Lease {
    const controller = new AbortController();
    this.#held.set(id, controller);
    const { upstream_model, request_defaults, request_strip, system_prompt, isolated } = record.settings;
    const settings = {
      ...(upstream_model === undefined ? {} : { upstream_model }),
      ...(request_defaults === undefined ? {} : { request_defaults }),
      ...(request_strip === undefined ? {} : { request_strip }),
      ...(system_prompt === undefined ? {} : { system_prompt }),
      ...(isolated === undefined ? {} : { isolated }),
    };
    const { listener, ...address } = target;
    return {
      instance,
      record: { id: record.id, settings },
      target: { ...address, ...(listener === undefined ? {} : { witness: witnessOf(listener) }) },
      origin: run === undefined ? null : { instance: record.id, run, stops: null },
      signal: controller.signal,
      begun: () => {
        if (this.#held.has(id)) this.#channel.send({ type: 'begun', id });
      },
      // The successor sees the same progress at the engine.
      passed: () => undefined,
      release: () => {
        if (this.#held.delete(id)) this.#channel.send({ type: 'release', id });
      },
    };
  }
}

function noServer(): ApiError {
  return new ApiError('SHUTTING_DOWN', 'The server that took over has ended; try again when a server runs.');
}
