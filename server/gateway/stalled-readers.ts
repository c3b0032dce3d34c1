import type { Socket } from 'node:net';
import type { Clock } from '../instances/ports/time.ts';
import type { MeasureSendQueues } from './gateway-ports.ts';

/** Interval between two checks of the waiting connections. */
const LOOK_MS = 5_000;
/** A caller that takes no byte for this long, while bytes wait for it, has stopped reading. */
const PATIENCE_MS = 60_000;

/** The properties of a connection that a check reads. */
type Connection = Pick<Socket, 'bytesWritten' | 'writableLength' | 'localPort' | 'remotePort'>;

/** An answer with bytes that wait for their caller. */
export interface WaitingAnswer {
  /** The caller's connection; `null`: an earlier answer on the connection is incomplete, so this one must wait. */
  readonly connection: Connection | null;
  /** Called once, when the caller has taken no byte for 60 s. After that the answer is no longer watched. */
  stalled(): void;
}

interface Watched {
  answer: WaitingAnswer;
  /** Progress of the connection at the last check. Any change means that the caller takes bytes. */
  seen: string;
  /** When the progress last changed, by the clock's `elapsed`. */
  since: number;
  /** Index among all watched answers; -1: no longer watched. */
  index: number;
}

/**
 * Watches answers whose bytes wait for their callers. A caller that stopped reading would otherwise hold its lease, and the
 * engine's slot, without limit. One timer serves all answers, and runs only while any answer is watched.
 *
 * A slow caller's progress shows in the system's send queue and not in this process. The system takes megabytes at once, and
 * becomes writable again when a third of them has left, which may take minutes.
 */
export class StalledReaders {
  readonly #clock: Pick<Clock, 'after' | 'elapsed'>;
  readonly #measure: MeasureSendQueues;
  /** A list for the same reason as in `Leases`: a set would keep its removed entries in memory. */
  readonly #watched: Watched[] = [];
  #isLooking = false;

  constructor(clock: Pick<Clock, 'after' | 'elapsed'>, measure: MeasureSendQueues) {
    this.#clock = clock;
    this.#measure = measure;
  }

  /**
   * Watches an answer.
   *
   * @returns a function that ends the watch: call it when the answer's bytes have left or the answer is over; further
   *   calls do nothing
   */
  watch(answer: WaitingAnswer): () => void {
    const watched = { answer, seen: '', since: this.#clock.elapsed(), index: this.#watched.length };
    this.#watched.push(watched);
    if (!this.#isLooking) {
      this.#isLooking = true;
      this.#clock.after(LOOK_MS, this.#look);
    }
    return () => this.#forget(watched);
  }

  readonly #look = (): void => {
    const keys = new Set<string>();
    for (const { answer } of this.#watched) if (answer.connection !== null) keys.add(keyOf(answer.connection));
    this.#isLooking = this.#watched.length > 0;
    if (!this.#isLooking) return;
    this.#measure(keys, (queues) => {
      this.#clock.after(LOOK_MS, this.#look);
      for (const watched of this.#watched.toReversed()) this.#judge(watched, queues);
    });
  };

  #judge(watched: Watched, queues: ReadonlyMap<string, number>): void {
    const { connection } = watched.answer;
    const now = this.#clock.elapsed();
    const seen =
      connection === null
        ? ''
        : `${connection.bytesWritten} ${connection.writableLength} ${queues.get(keyOf(connection)) ?? '?'}`;
    if (connection === null || seen !== watched.seen) {
      watched.seen = seen;
      watched.since = now;
    } else if (now - watched.since >= PATIENCE_MS) {
      this.#forget(watched);
      watched.answer.stalled();
    }
  }

  #forget(watched: Watched): void {
    if (watched.index === -1) return;
    const last = this.#watched.pop();
    if (last !== undefined && last !== watched) {
      last.index = watched.index;
      this.#watched[watched.index] = last;
    }
    watched.index = -1;
  }
}

/** Returns the key of a connection in {@link MeasureSendQueues}. */
function keyOf({ localPort, remotePort }: Connection): string {
  return `${localPort ?? 0}:${remotePort ?? 0}`;
}
