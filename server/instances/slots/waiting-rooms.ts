import type { Lease, LeaseRequest } from './leases.ts';
import type { Mailbox } from '../life/mailbox.ts';
import { notFound } from '../refusals.ts';
import { WaitingRoom, type WaitingRoomDependencies } from './waiting-room.ts';

/** The one way to a lease, and everybody who waits for one. */
export class WaitingRooms {
  readonly #with: WaitingRoomDependencies;
  /** By id of the instance. */
  readonly #rooms = new Map<string, WaitingRoom>();
  #isShut = false;

  constructor(dependencies: WaitingRoomDependencies) {
    this.#with = dependencies;
  }

  /** A lease of the instance, now or when it can be had. Throws the `ApiError` that says why it cannot. */
  async acquire(mailbox: Mailbox, request: LeaseRequest): Promise<Lease> {
    request.signal.throwIfAborted();
    const { id, name } = mailbox.record;
    const { after } = request;
    // Another instance has the name by now.
    if (after !== undefined && after.instance !== id) throw notFound(name);
    const room = this.#rooms.get(id) ?? this.#open(mailbox);
    const lease = after === undefined ? room.leaseNow() : null;
    if (lease !== null) return lease;
    const waitedFor = await room.enter(request);
    if (!request.signal.aborted) return waitedFor;
    // It left in the very moment.
    waitedFor.release();
    throw request.signal.reason;
  }

  /** Decides anew on everybody who waits for an instance. */
  look({ record, isClosed }: Pick<Mailbox, 'record' | 'isClosed'>): void {
    this.#rooms.get(record.id)?.look();
    if (isClosed) this.#rooms.delete(record.id);
  }

  /** How many requests wait for an instance. */
  waiting(instance: string): number {
    return this.#rooms.get(instance)?.size ?? 0;
  }

  #open(mailbox: Mailbox): WaitingRoom {
    const room = new WaitingRoom(mailbox, this.#with);
    if (this.#isShut) room.shut();
    this.#rooms.set(mailbox.record.id, room);
    return room;
  }

  /** Sends everybody away; from now on nobody waits. */
  shut(): void {
    this.#isShut = true;
    for (const room of this.#rooms.values()) room.shut();
  }
}
