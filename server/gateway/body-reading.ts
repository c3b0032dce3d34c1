import type { IncomingMessage } from 'node:http';
import { ApiError } from '@llamactl/contract/errors';
import type { Clock } from '../instances/ports.ts';
import { requestLength } from './upload.ts';
import { type BodyBudget, type Reservation, SMALL_BODY } from './body-budget.ts';
import { HeldBody } from './held-body.ts';
import { PieceList } from './piece-list.ts';
import type { ReadingPace } from './reading-pace.ts';
import type { SlicedWork } from './sliced-work.ts';

/** How many bytes of a body are read to look into it. */
export const LARGEST_READ_BODY = 64 * 1024 * 1024;
/** How often a body that comes slowly is looked at. */
const CHECK_MS = 10_000;
/** A body that brings less between two looks, 32 KiB a second, gives way when another needs its memory. */
const SLOW_BYTES = 320 * 1024;
/** So does a body that would take more looks than this, two minutes, for all that is reserved for it. */
const MOST_LOOKS = 12;
/** Without a byte for this long a body ends. */
const STALLED_MS = 60_000;

interface ReadingOptions {
  clock: Pick<Clock, 'after' | 'elapsed'>;
  budget: BodyBudget;
  pace: ReadingPace;
  /** Gives the memory of a large body back. */
  work: SlicedWork;
  caller: string;
  signal: AbortSignal;
}

/**
 * One body on its way into memory. The memory for a body of known length is reserved before the first byte is read. That
 * of a body in chunks is reserved as it grows, twice as much each time: while there is none the body stays unread, and after
 * ten seconds it is refused. So two bodies that are half read never wait for each other for ever.
 */
export class BodyReading {
  readonly #request: IncomingMessage;
  readonly #options: ReadingOptions;
  readonly #length: number | null;
  readonly #pieces: PieceList;
  readonly #done = Promise.withResolvers<HeldBody>();
  #reservation: Reservation | null = null;
  /** Paused until there is memory. */
  #isWaiting = false;
  /** Paused because this turn of the event loop has read enough. */
  #isPaced = false;
  #isOver = false;
  /** Bytes that had come when it was looked at last. */
  #seen = 0;
  #lastByteAt = 0;
  #cancelCheck = (): void => undefined;

  constructor(request: IncomingMessage, options: ReadingOptions) {
    this.#request = request;
    this.#options = options;
    const length = requestLength(request);
    this.#length = typeof length === 'number' ? length : null;
    this.#pieces = new PieceList(this.#length);
  }

  /** @throws {ApiError} as `Bodies.read` says */
  async read(): Promise<HeldBody> {
    const { budget, caller, signal } = this.#options;
    if (this.#length !== null && this.#length > LARGEST_READ_BODY) throw tooLarge();
    const reserved = budget.reserve(caller, this.#length ?? SMALL_BODY, signal);
    this.#reservation = reserved instanceof Promise ? await reserved : reserved;
    this.#begin();
    return this.#done.promise;
  }

  #begin(): void {
    const { signal, clock } = this.#options;
    this.#lastByteAt = clock.elapsed();
    this.#request.on('data', this.#onData).on('end', this.#onEnd).on('error', this.#onGone).on('close', this.#onGone);
    signal.addEventListener('abort', this.#onGone, { once: true });
    this.#checkLater();
    if (signal.aborted) this.#onGone();
  }

  #onData = (piece: Buffer): void => {
    this.#pieces.add(piece);
    this.#lastByteAt = this.#options.clock.elapsed();
    if (this.#pieces.byteLength > LARGEST_READ_BODY) return this.#fail(tooLarge());
    if (this.#pieces.byteLength > (this.#reservation?.bytes ?? 0)) this.#grow();
    // What a paused reader still gets is counted when it resumes.
    if (!this.#isPaced && this.#options.pace.count(piece.byteLength, this.#unpace)) {
      this.#isPaced = true;
      this.#request.pause();
    }
  };

  #unpace = (): void => {
    this.#isPaced = false;
    this.#resume();
  };

  #resume(): void {
    if (!this.#isWaiting && !this.#isPaced) this.#request.resume();
  }

  #grow(): void {
    const reservation = this.#reservation;
    const wanted = Math.min(2 * this.#pieces.byteLength, LARGEST_READ_BODY);
    const wait = reservation?.grow(wanted, this.#options.signal) ?? null;
    if (wait === null) return;
    this.#request.pause();
    this.#isWaiting = true;
    if (reservation !== null) reservation.reclaim = null;
    wait.then(
      () => {
        this.#isWaiting = false;
        this.#lastByteAt = this.#options.clock.elapsed();
        // Refused in the meantime for another reason.
        if (this.#isOver) reservation?.release();
        else this.#resume();
      },
      (error: unknown) => this.#fail(error),
    );
  }

  #onEnd = (): void => {
    if (this.#isOver) return;
    this.#stop();
    const reservation = this.#reservation;
    if (reservation !== null) {
      reservation.reclaim = null;
      reservation.shrink(this.#pieces.byteLength);
    }
    this.#done.resolve(HeldBody.of(this.#pieces.take(), reservation, this.#options.work));
  };

  #onGone = (): void => this.#fail(new Error('the caller left'));

  /** What is left of the body is discarded, so that the caller gets to the answer. */
  #fail(error: unknown): void {
    if (this.#isOver) return;
    this.#stop();
    HeldBody.of(this.#pieces.take(), this.#reservation, this.#options.work).release();
    this.#request.resume();
    this.#done.reject(error);
  }

  #stop(): void {
    this.#isOver = true;
    this.#cancelCheck();
    this.#options.signal.removeEventListener('abort', this.#onGone);
    this.#request
      .off('data', this.#onData)
      .off('end', this.#onEnd)
      .off('error', this.#onGone)
      .off('close', this.#onGone);
  }

  #checkLater(): void {
    this.#cancelCheck = this.#options.clock.after(CHECK_MS, () => this.#check());
  }

  #check(): void {
    if (this.#isOver) return;
    const { clock } = this.#options;
    const { byteLength } = this.#pieces;
    if (!this.#isWaiting) {
      if (clock.elapsed() - this.#lastByteAt >= STALLED_MS) return this.#fail(tooSlow());
      const isSlow = byteLength - this.#seen < Math.max(SLOW_BYTES, (this.#reservation?.bytes ?? 0) / MOST_LOOKS);
      this.#seen = byteLength;
      this.#checkLater();
      if (this.#reservation !== null) this.#reservation.reclaim = isSlow ? () => this.#fail(tooSlow()) : null;
    } else this.#checkLater();
  }
}

function tooLarge(): ApiError {
  return new ApiError(
    'PAYLOAD_TOO_LARGE',
    'The body is larger than the 64 MiB that are read to look into it; name the model in the URL as ?model=NAME, then a body of any size passes.',
  );
}

function tooSlow(): ApiError {
  const sentence =
    'The body came too slowly and was not kept in memory any longer. Send it at once, or name the model in the URL as ?model=NAME.';
  return new ApiError('VALIDATION_ERROR', sentence, {
    status: 408,
    problems: [{ path: '', message: sentence }],
    headers: { connection: 'close' },
  });
}
