/** The sending side of a client's connection. */
export interface Wire {
  /** Takes whole WebSocket frames. */
  write(bytes: Buffer): void;
  /** Number of written bytes that the operating system has not taken yet. */
  readonly pending: number;
}

/** A batch of messages for one client. */
export interface Parcel {
  all: Buffer;
  /** The messages without the fleeting ones, for a slow client. */
  essential: Buffer;
}

/** While more than this is pending, messages wait here, where they can be dropped, instead of in the wire. */
const BLOCKED_BYTES = 65_536;
/** Most bytes that wait for one client: some thousand events. Clients with equal subscriptions share them. */
const MOST_WAITING_BYTES = 1_048_576;

/** The messages that wait for one client. Their size is bounded. A waiting client gets no fleeting messages. */
export class Outbox {
  readonly #wire: Wire;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #lastSeq: number;
  /** The number of the last event that waits or was written. */
  #takenSeq: number;

  /** @param lastSeq The number of the last event before the first message. */
  constructor(wire: Wire, lastSeq: number) {
    this.#wire = wire;
    this.#lastSeq = this.#takenSeq = lastSeq;
  }

  /** The number of an event up to which no message waits here. */
  get lastSeq(): number {
    return this.#lastSeq;
  }

  /**
   * Writes messages, or lets them wait for a slow client.
   *
   * @param lastSeq The number of the last event of the messages, or before them.
   * @returns false: the client is too slow to get every message
   */
  send({ all, essential }: Parcel, lastSeq: number): boolean {
    this.#takenSeq = lastSeq;
    if (this.#waiting.length === 0 && this.#wire.pending <= BLOCKED_BYTES) {
      this.#lastSeq = lastSeq;
      if (all.length > 0) this.#wire.write(all);
      return true;
    }
    if (essential.length === 0) return true;
    this.#waiting.push(essential);
    this.#waitingBytes += essential.length;
    return this.#waitingBytes <= MOST_WAITING_BYTES;
  }

  /** Writes the waiting messages; call it when the wire has taken all pending bytes. */
  drained(): void {
    if (this.#waiting.length === 0) return;
    const bytes = Buffer.concat(this.#waiting);
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#lastSeq = this.#takenSeq;
    this.#wire.write(bytes);
  }
}
