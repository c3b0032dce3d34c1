import type { Lease, LeaseRequest } from './leases.ts';
import type { Mailbox } from '../life/mailbox.ts';
import { notFound } from '../refusals.ts';
import { WaitingRoom, type WaitingRoomDependencies } from './waiting-room.ts';

/** Grants all leases, and holds the waiting room of each instance. */
export class WaitingRooms {
  readonly #dependencies: WaitingRoomDependencies;
  /** By id of the instance. */
  readonly #rooms = new Map<string, WaitingRoom>();
  #isShut = false;

  constructor(dependencies: WaitingRoomDependencies) {
    this.#dependencies = dependencies;
  }

  /**
   * Returns a lease of the instance, at once or after a wait.
   *
   * @throws `ApiError` with the reason of a refusal; or the abort reason of the request's signal
   */
  async acquire(mailbox: Mailbox, request: LeaseRequest): Promise<Lease> {
    request.signal.throwIfAborted();
    const { id, name } = mailbox.record;
    const { after } = request;
    // Another instance has this name now.
    if (after !== undefined && after.instance !== id) throw notFound(name);
    const room = this.#rooms.get(id) ?? this.#open(mailbox);
    const lease = after === undefined ? room.leaseNow() : null;
    if (lease !== null) return lease;
    const waitedFor = await room.enter(request);
    if (!request.signal.aborted) return waitedFor;
    // The caller left at the moment of the grant.
    waitedFor.release();
    throw request.signal.reason;
  }

  /** Decides again on all requests that wait for an instance. */
  look({ record, isClosed }: Pick<Mailbox, 'record' | 'isClosed'>): void {
    this.#rooms.get(record.id)?.look();
    if (isClosed) this.#rooms.delete(record.id);
  }

  /** How many requests wait for an instance. */
  waiting(instance: string): number {
    return this.#rooms.get(instance)?.size ?? 0;
  }

  #open(mailbox: Mailbox): WaitingRoom {
    const room = new WaitingRoom(mailbox, this.#dependencies);
    if (this.#isShut) room.shut();
    this.#rooms.set(mailbox.record.id, room);
    return room;
  }

  /** Refuses all waiting requests, and all that would wait later. */
  shut(): void {
    this.#isShut = true;
    for (const room of this.#rooms.values()) room.shut();
  }
}
