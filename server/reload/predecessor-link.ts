import type { Duplex } from 'node:stream';
import {
  type ActiveRequest,
  ActiveRequestSchema,
  type FinishedRequest,
  FinishedRequestSchema,
} from '@llamactl/contract/requests';
import type { LeaseBook, RunUse } from '../instances/slots/lease-book.ts';
import { EngineDied, type Lease, type LeaseRequest } from '../instances/slots/leases.ts';
import { Channel } from './channel.ts';
import { ForeignLeases } from './foreign-leases.ts';
import { type FromSuccessor, type Hello, TO_SUCCESSOR, type ToSuccessor } from './messages.ts';
import { sentError } from './sent-error.ts';

/** Services that the predecessor still needs from this server. */
export interface PredecessorNeeds {
  leases: LeaseBook;
  acquire(request: LeaseRequest): Promise<Lease>;
  record(entry: Extract<ToSuccessor, { type: 'audit' }>['entry']): void;
  /** Counts a request to an engine that ended in the predecessor. */
  used(request: Extract<ToSuccessor, { type: 'used' }>['request']): void;
  /** Lists a request to an engine that ended in the predecessor. */
  finished(request: FinishedRequest): void;
  /** Called for a message of a type that only a later version knows. */
  onUnknown(type: string): void;
}

type Acquire = Extract<ToSuccessor, { type: 'acquire' }>;

/** The successor's link to its predecessor. */
export class PredecessorLink {
  /** Resolves to the predecessor's first message; rejects if the predecessor ends without one. */
  readonly hello: Promise<Hello>;
  /** Resolves when the predecessor is gone. */
  readonly closed: Promise<void>;
  readonly #channel: Channel<FromSuccessor, ToSuccessor>;
  readonly #taken = Promise.withResolvers<readonly RunUse[]>();
  /** By the id of the predecessor's request for a lease: ends that request, or the lease that it got. */
  readonly #acquired = new Map<number, AbortController>();
  /** The leases that were granted, by id. */
  readonly #granted = new Map<number, Lease>();
  #needs: PredecessorNeeds | null = null;
  #requests: readonly ActiveRequest[] = [];
  #foreign: ForeignLeases | null = null;
  /** Messages that arrived before `serve`. */
  #early: ToSuccessor[] = [];

  constructor(stream: Duplex) {
    const hello = Promise.withResolvers<Hello>();
    const closed = Promise.withResolvers<void>();
    this.hello = hello.promise;
    this.closed = closed.promise;
    for (const { promise } of [hello, this.#taken]) promise.catch(() => undefined);
    this.#channel = new Channel(stream, TO_SUCCESSOR, {
      heard: (message) => {
        if (message.type === 'hello') hello.resolve(message);
        else if (message.type === 'take') this.#taken.resolve(message.uses);
        else if (message.type === 'requests') this.#requests = message.list.flatMap(readable);
        else if (this.#needs === null) this.#early.push(message);
        else this.#serve(message, this.#needs);
      },
      unknown: (type) => this.#needs?.onUnknown(type),
      closed: (error) => {
        const gone = error ?? new Error('the server that was to be replaced is gone');
        hello.reject(gone);
        this.#taken.reject(gone);
        closed.resolve();
        this.#requests = [];
        this.#foreign?.end();
        for (const controller of this.#acquired.values()) controller.abort(gone);
      },
    });
  }

  /**
   * Reports that this process can take over. Resolves when this process owns the data directory and the engines.
   *
   * @returns how each run is used
   */
  async takeOver(): Promise<readonly RunUse[]> {
    this.#channel.send({ type: 'prepared' });
    return this.#taken.promise;
  }

  /** Serves the predecessor from now on: its leases and its requests for leases count here. */
  async serve(needs: PredecessorNeeds): Promise<void> {
    this.#needs = needs;
    this.#foreign = new ForeignLeases(needs.leases, (instance, run, died) =>
      this.#channel.send({ type: 'break', instance, run, died }),
    );
    for (const { instance, run, open, lastUsed } of await this.#taken.promise) {
      needs.leases.remember({ instance, run, lastUsed });
      this.#foreign.set(instance, run, open);
    }
    for (const message of this.#early.splice(0)) this.#serve(message, needs);
  }

  /** The requests that the predecessor still serves, oldest first, as of the last second. Empty if it is older than this message. */
  requests(): readonly ActiveRequest[] {
    return this.#requests;
  }

  /** Ends a request of {@link requests}. */
  cancelRequest(request: string): void {
    this.#channel.send({ type: 'cancel', request });
  }

  /** Reports that this process serves. @param door Path of the Unix socket for the predecessor's requests. */
  ready(door: string): void {
    this.#channel.send({ type: 'ready', door });
  }

  /** Asks the predecessor to end requests with these credentials. */
  dead({ kind, whose }: Omit<Extract<FromSuccessor, { type: 'dead' }>, 'type'>): void {
    this.#channel.send({ type: 'dead', kind, whose });
  }

  /** Reports that this process cannot serve. */
  refuse(reason: string): void {
    this.#channel.send({ type: 'refused', reason });
    this.#channel.close();
  }

  /** Reports that this process ends. */
  end(): void {
    this.#channel.send({ type: 'end' });
    this.#channel.close();
  }

  #serve(message: ToSuccessor, needs: PredecessorNeeds): void {
    switch (message.type) {
      case 'leases':
        return this.#foreign?.set(message.instance, message.run, message.open);
      case 'audit':
        return needs.record(message.entry);
      case 'used':
        return needs.used(message.request);
      case 'finished':
        return this.#finished(message.request, needs);
      case 'acquire':
        return void this.#acquire(message, needs);
      case 'begun':
        return this.#granted.get(message.id)?.begun();
      case 'release':
        return this.#acquired.get(message.id)?.abort(new Error('it is over there'));
      default:
    }
  }

  /** Lists a request as finished, and no longer as in flight: the next report of the predecessor comes up to a second later. */
  #finished(sent: unknown, needs: PredecessorNeeds): void {
    const { data: request } = FinishedRequestSchema.safeParse(sent);
    if (request === undefined) return;
    this.#requests = this.#requests.filter(({ id }) => id !== request.id);
    needs.finished(request);
  }

  /** Holds a lease for the predecessor, from its request to the release. Never rejects. */
  async #acquire(
    { id, instance, caller, subject, requestId, mayStart, onlyRunning, after: lost }: Acquire,
    needs: PredecessorNeeds,
  ): Promise<void> {
    const over = new AbortController();
    this.#acquired.set(id, over);
    const { signal } = over;
    const onWaiting = (): void => this.#channel.send({ type: 'waiting', id });
    // `null`: stops are counted per server, so the predecessor's count means nothing here.
    const after = lost === undefined ? undefined : { ...lost, stops: null };
    const request = { instance, caller, subject, requestId, mayStart, onlyRunning };
    try {
      const lease = await needs.acquire({ ...request, signal, onWaiting, after });
      const { record, target, origin } = lease;
      const { upstream_model, request_defaults, request_strip, system_prompt, isolated } = record.settings;
      const settings = { upstream_model, request_defaults, request_strip, system_prompt, isolated };
      signal.addEventListener('abort', () => this.#release(id, lease), { once: true });
      lease.signal.addEventListener(
        'abort',
        () => this.#channel.send({ type: 'revoked', id, died: lease.signal.reason instanceof EngineDied }),
        { once: true },
      );
      if (signal.aborted) this.#release(id, lease);
      else {
        this.#granted.set(id, lease);
        const { witness, ...address } = target;
        const listener = witness === undefined ? 'unknown' : witness.held();
        const sent = {
          instance: lease.instance,
          record: { id: record.id, settings },
          target: { ...address, ...(listener === 'unknown' ? {} : { listener }) },
          run: origin?.run,
        };
        this.#channel.send({ type: 'granted', id, lease: sent });
      }
    } catch (error) {
      this.#acquired.delete(id);
      this.#channel.send({ type: 'denied', id, error: sentError(error) });
    }
  }

  #release(id: number, lease: Lease): void {
    this.#acquired.delete(id);
    this.#granted.delete(id);
    lease.release();
  }
}

/** A request of another version may have other fields. */
function readable(request: unknown): ActiveRequest[] {
  const { data } = ActiveRequestSchema.safeParse(request);
  return data === undefined ? [] : [data];
}
