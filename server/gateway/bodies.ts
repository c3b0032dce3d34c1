import type { IncomingMessage } from 'node:http';
import type { Clock } from '../instances/ports/time.ts';
import type { BodyBudget } from './body-budget.ts';
import { BodyReading } from './body-reading.ts';
import { requestLength } from './headers.ts';
import { HeldBody } from './held-body.ts';
import { type Members, MemberScanner, membersOf } from './json-members.ts';
import { type FormField, FormScanner } from './multipart.ts';
import { ReadingPace } from './reading-pace.ts';
import { type Roles, RoleScanner } from './role-scanner.ts';
import { atOnce, type Sliced, type SlicedWork } from '../sliced-work.ts';

/** Bodies up to this many bytes are scanned in one step, which takes less than a millisecond. */
const LARGEST_AT_ONCE = 65_536;
/** Bytes that one step scans. The first steps after a start run in the interpreter, where 64 KiB took 20 ms. */
const STEP_LENGTH = 4_096;

/** Scans bytes piece by piece. */
interface Scanner<Found> {
  push(bytes: Buffer): void;
  finish(): Found;
}

export interface BodiesOptions {
  clock: Pick<Clock, 'after' | 'elapsed' | 'nextTurn'>;
  budget: BodyBudget;
  /** Scans large bodies, and frees their memory. */
  work: SlicedWork;
}

/** Reads request bodies into memory and scans them, without delaying other requests. */
export class Bodies {
  readonly #clock: Pick<Clock, 'after' | 'elapsed'>;
  readonly #work: SlicedWork;
  readonly #pace: ReadingPace;
  /** The memory that bodies use. */
  readonly budget: BodyBudget;

  constructor({ clock, budget, work }: BodiesOptions) {
    this.#clock = clock;
    this.#work = work;
    this.#pace = new ReadingPace(clock);
    this.budget = budget;
  }

  /**
   * Reads a body of at most {@link LARGEST_READ_BODY} bytes. The body stays unread until the budget has memory for it. A
   * body that arrived together with its head is returned at once.
   *
   * @param caller The caller whose share of the memory the body uses.
   * @param signal Aborted when the caller has left.
   * @throws {ApiError} 413, 429, 503, or 408 when the body stops arriving
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

  /** Finds the members of a JSON object. @throws like {@link MemberScanner} */
  async members(body: HeldBody, signal: AbortSignal): Promise<Members> {
    return body.byteLength <= LARGEST_AT_ONCE ? membersOf(body) : this.#scan(body, new MemberScanner(), signal);
  }

  /** Finds the roles of messages. @param messages One JSON value, not a whole body. */
  async roles(messages: HeldBody, signal: AbortSignal): Promise<Roles> {
    return this.#scan(messages, new RoleScanner(), signal);
  }

  /** Finds the fields of a form. @throws like {@link FormScanner} */
  async fields(body: HeldBody, boundary: string, signal: AbortSignal): Promise<FormField[]> {
    return this.#scan(body, new FormScanner(boundary), signal);
  }

  /** Whether the headers of any part of a form match `watched`. @throws like {@link FormScanner} */
  async mentions(body: HeldBody, boundary: string, watched: RegExp, signal: AbortSignal): Promise<boolean> {
    const scanner = new FormScanner(boundary, watched);
    await this.#scan(body, scanner, signal);
    return scanner.isWatchedSeen;
  }

  async #scan<Found>(body: HeldBody, scanner: Scanner<Found>, signal: AbortSignal): Promise<Found> {
    const scan = scanned(body.pieces, scanner);
    return body.byteLength > LARGEST_AT_ONCE ? this.#work.run(scan, signal) : atOnce(scan);
  }
}

function* scanned<Found>(pieces: readonly Buffer[], scanner: Scanner<Found>): Sliced<Found> {
  for (const piece of pieces) {
    for (let at = 0; at < piece.length; at += STEP_LENGTH) {
      scanner.push(piece.subarray(at, at + STEP_LENGTH));
      yield;
    }
  }
  return scanner.finish();
}

/** Returns a body that arrived together with its head; `null`: it has not arrived completely. */
function wholeBody(request: IncomingMessage): Buffer | null {
  // Node sets `complete` only after the last byte, so compare the length too.
  const hasArrived = request.complete || request.readableLength === requestLength(request);
  const whole: unknown = hasArrived ? request.read() : null;
  return whole instanceof Buffer ? whole : null;
}
