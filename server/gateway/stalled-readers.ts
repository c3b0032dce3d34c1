import type { Socket } from 'node:net';
import type { Clock } from '../instances/ports.ts';
import type { MeasureSendQueues } from './ports.ts';

/** Between two looks at the connections that wait. */
const LOOK_MS = 5_000;
/** A caller that takes no byte for this long, while bytes wait for it, has stopped to read. */
const PATIENCE_MS = 60_000;

/** What a look reads of a connection. */
type Connection = Pick<Socket, 'bytesWritten' | 'writableLength' | 'localPort' | 'remotePort'>;

/** An answer with bytes that wait for their caller. */
export interface WaitingAnswer {
  /** The caller's connection; `null`: an earlier answer on it is not complete, so no byte of this one can leave. */
  readonly connection: Connection | null;
  /** Called once, when the caller has taken no byte for 60 s. It is not watched any more. */
  stalled(): void;
}

interface Watched {
  answer: WaitingAnswer;
  /** What was seen at the last look. Any change means that the caller takes bytes. */
  seen: string;
  /** When that was new, by the clock's `elapsed`. */
  since: number;
  /** Among all; -1 when it is not watched any more. */
  place: number;
}

/**
 * Watches answers whose bytes wait. A caller that stopped to read would hold its lease, and the engine's slot, for ever. One
 * timer serves all, and runs only while there are any.
 *
 * How far a slow caller gets shows in the system's send queue and not in ours: the system takes megabytes at once, and
 * lets us write again when a third of them is gone, which may take minutes.
 */
export class StalledReaders {
  readonly #clock: Pick<Clock, 'after' | 'elapsed'>;
  readonly #measure: MeasureSendQueues;
  /** A list for the reason of `Leases`: a set would keep what it let go of. */
  readonly #watched: Watched[] = [];
  #isLooking = false;

  constructor(clock: Pick<Clock, 'after' | 'elapsed'>, measure: MeasureSendQueues) {
    this.#clock = clock;
    this.#measure = measure;
  }

  /** @returns to be called when the bytes have left, or the answer is over; more calls do nothing */
  watch(answer: WaitingAnswer): () => void {
    const watched = { answer, seen: '', since: this.#clock.elapsed(), place: this.#watched.length };
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
    if (watched.place === -1) return;
    const last = this.#watched.pop();
    if (last !== undefined && last !== watched) {
      last.place = watched.place;
      this.#watched[watched.place] = last;
    }
    watched.place = -1;
  }
}

/** How {@link MeasureSendQueues} names a connection. */
function keyOf({ localPort, remotePort }: Connection): string {
  return `${localPort ?? 0}:${remotePort ?? 0}`;
}
