import type { IncomingMessage } from 'node:http';
import type { Clock } from '../instances/ports.ts';
import type { BodyBudget } from './body-budget.ts';
import { requestLength } from './body.ts';
import { BodyReading } from './body-reading.ts';
import { HeldBody } from './held-body.ts';
import { type Members, MemberScanner, membersOf } from './json-members.ts';
import { type FormField, FormScanner } from './multipart.ts';
import { ReadingPace } from './reading-pace.ts';
import { SlicedWork } from './sliced-work.ts';

/** Up to here a body is looked at in one go: it takes less than a millisecond. */
const LARGEST_AT_ONCE = 65_536;
/** Bytes of one step. The first ones after a start run in the interpreter, where 64 KiB took 20 ms. */
const STEP_LENGTH = 4_096;

/** What reads bytes piece by piece. */
interface Scanner<Found> {
  push(bytes: Buffer): void;
  finish(): Found;
}

export interface BodiesOptions {
  clock: Pick<Clock, 'after' | 'elapsed' | 'nextTurn'>;
  budget: BodyBudget;
}

/** Bodies of requests that are held to look into them: how they are read, and looked at without holding up everybody else. */
export class Bodies {
  readonly #clock: Pick<Clock, 'after' | 'elapsed'>;
  readonly #work: SlicedWork;
  readonly #pace: ReadingPace;
  /** The memory that they use. */
  readonly budget: BodyBudget;

  constructor({ clock, budget }: BodiesOptions) {
    this.#clock = clock;
    this.#work = new SlicedWork(clock);
    this.#pace = new ReadingPace(clock);
    this.budget = budget;
  }

  /**
   * Reads a body of at most {@link LARGEST_READ_BODY} bytes. It stays unread until there is memory for it. A body that came
   * with its head is returned at once.
   *
   * @param caller Whose share of the memory it uses.
   * @param signal Aborted when the caller has left.
   * @throws {ApiError} 413, 429, 503, or 408 when it stops coming
   */
  read(request: IncomingMessage, caller: string, signal: AbortSignal): HeldBody | Promise<HeldBody> {
    const whole = wholeBody(request);
    if (whole !== null) {
      const reservation = this.budget.reserve(caller, whole.byteLength, signal);
      if (reservation instanceof Promise) return reservation.then((granted) => HeldBody.of([whole], granted));
      return HeldBody.of([whole], reservation);
    }
    const options = { clock: this.#clock, budget: this.budget, pace: this.#pace, work: this.#work, caller, signal };
    return new BodyReading(request, options).read();
  }

  /** The members of a JSON object. @throws as {@link MemberScanner} does */
  async members(body: HeldBody, signal: AbortSignal): Promise<Members> {
    return body.byteLength <= LARGEST_AT_ONCE ? membersOf(body) : this.#scan(body, new MemberScanner(), signal);
  }

  /** The fields of a form. @throws as {@link FormScanner} does */
  async fields(body: HeldBody, boundary: string, signal: AbortSignal): Promise<FormField[]> {
    return this.#scan(body, new FormScanner(boundary), signal);
  }

  /** Whether the headers of a part of a form hold this. @throws as {@link FormScanner} does */
  async mentions(body: HeldBody, boundary: string, watched: RegExp, signal: AbortSignal): Promise<boolean> {
    const scanner = new FormScanner(boundary, watched);
    await this.#scan(body, scanner, signal);
    return scanner.isWatchedSeen;
  }

  async #scan<Found>(body: HeldBody, scanner: Scanner<Found>, signal: AbortSignal): Promise<Found> {
    const pieces = shortPieces(body.pieces);
    const step = (): boolean => {
      const next = pieces.next();
      if (next.done !== true) scanner.push(next.value);
      return next.done === true;
    };
    if (body.byteLength > LARGEST_AT_ONCE) await this.#work.run(step, signal);
    else while (!step());
    return scanner.finish();
  }
}

function* shortPieces(pieces: readonly Buffer[]): Generator<Buffer, void> {
  for (const piece of pieces) {
    for (let at = 0; at < piece.length; at += STEP_LENGTH) yield piece.subarray(at, at + STEP_LENGTH);
  }
}

/** A short body came together with its head. `null`: it has to be waited for. */
function wholeBody(request: IncomingMessage): Buffer | null {
  // The last byte of a body comes before the word that it was the last.
  const isHere = request.complete || request.readableLength === requestLength(request);
  const whole: unknown = isHere ? request.read() : null;
  return whole instanceof Buffer ? whole : null;
}
