import type { IncomingMessage } from 'node:http';
import { ApiError } from '@llamactl/contract/errors';
import type { Clock } from '../instances/ports/time.ts';
import { type BodyBudget, type Reservation, SMALL_BODY } from './body-budget.ts';
import { requestLength } from './headers.ts';
import { HeldBody } from './held-body.ts';
import { PieceList } from './piece-list.ts';
import type { ReadingPace } from './reading-pace.ts';
import type { SlicedWork } from '../sliced-work.ts';

/** The largest body, in bytes, that is read into memory. */
export const LARGEST_READ_BODY = 64 * 1024 * 1024;
/** Interval between two checks of a body's progress. */
const CHECK_MS = 10_000;
/**
 * A body that grows by less than this between two checks (32 KiB/s) fails with 408 when another body needs its memory.
 */
const SLOW_BYTES = 320 * 1024;
/** A body that would need more checks than this (two minutes) to fill its reservation fails in the same way. */
const MOST_CHECKS = 12;
/** A body fails with 408 when no byte of it arrives for this long. */
const STALLED_MS = 60_000;

interface ReadingOptions {
  clock: Pick<Clock, 'after' | 'elapsed'>;
  budget: BodyBudget;
  pace: ReadingPace;
  /** Frees the memory of a large body in steps. */
  work: SlicedWork;
  caller: string;
  signal: AbortSignal;
}

/**
 * Reads one body into memory.
 *
 * A body of known length gets its memory before the first byte is read. A chunked body gets its memory as it grows,
 * doubled each time. While no memory is free the body stays unread, and after ten seconds it is refused, so two
 * half-read bodies cannot deadlock.
 */
export class BodyReading {
  readonly #request: IncomingMessage;
  readonly #options: ReadingOptions;
  readonly #length: number | null;
  readonly #pieces: PieceList;
  readonly #done = Promise.withResolvers<HeldBody>();
  #reservation: Reservation | null = null;
  /** Reading is paused until the budget grants memory. */
  #isWaiting = false;
  /** Reading is paused because this turn of the event loop has read enough. */
  #isPaced = false;
  #isOver = false;
  /** Bytes that had arrived at the last check. */
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

  /** Reads the whole body. @throws {ApiError} like `Bodies.read` */
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
    // A paused stream buffers its bytes; they are counted when it resumes.
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
        // The body failed in the meantime for another reason.
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

  /** Rejects the reading, and discards the rest of the body so that the caller reads the answer. */
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
      const isSlow = byteLength - this.#seen < Math.max(SLOW_BYTES, (this.#reservation?.bytes ?? 0) / MOST_CHECKS);
      this.#seen = byteLength;
      this.#checkLater();
      if (this.#reservation !== null) this.#reservation.reclaim = isSlow ? () => this.#fail(tooSlow()) : null;
    } else this.#checkLater();
  }
}

function tooLarge(): ApiError {
  return new ApiError(
    'PAYLOAD_TOO_LARGE',
    'The body is larger than 64 MiB, so it is not searched for the model. Name the model in the URL as ?model=NAME; then a body of any size passes.',
  );
}

function tooSlow(): ApiError {
  const sentence =
    'The body arrived too slowly, so it was dropped from memory. Send it without pauses, or name the model in the URL as ?model=NAME.';
  return new ApiError('VALIDATION_ERROR', sentence, {
    status: 408,
    problems: [{ path: '', message: sentence }],
    headers: { connection: 'close' },
  });
}
