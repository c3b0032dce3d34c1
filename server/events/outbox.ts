/** A client's connection, as far as sending goes. */
export interface Wire {
  /** Takes whole WebSocket frames. */
  write(bytes: Buffer): void;
  /** Bytes that were written and that the operating system has not taken yet. */
  readonly pending: number;
}

/** Some messages as one client gets them. */
export interface Parcel {
  all: Buffer;
  /** The same without what a slow client is spared. */
  essential: Buffer;
}

/** A wire with more than this pending is not written to: what waits is better where it can be dropped. */
const BLOCKED_BYTES = 65_536;
/** Some thousand events. They are shared by all who wait for them. */
const MOST_WAITING_BYTES = 1_048_576;

/** What waits for one client: bounded, and what matters least is dropped first. */
export class Outbox {
  readonly #wire: Wire;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;

  constructor(wire: Wire) {
    this.#wire = wire;
  }

  /** Returns false when the client is too slow: it will not be told everything any more. */
  send({ all, essential }: Parcel): boolean {
    if (this.#waiting.length === 0 && this.#wire.pending <= BLOCKED_BYTES) {
      if (all.length > 0) this.#wire.write(all);
      return true;
    }
    if (essential.length === 0) return true;
    this.#waiting.push(essential);
    this.#waitingBytes += essential.length;
    return this.#waitingBytes <= MOST_WAITING_BYTES;
  }

  /** The wire has taken all that was pending. */
  drained(): void {
    if (this.#waiting.length === 0) return;
    const bytes = Buffer.concat(this.#waiting);
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#wire.write(bytes);
  }
}
