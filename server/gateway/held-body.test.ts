import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Reservation } from './body-budget.ts';
import { type Edit, HeldBody } from './held-body.ts';
import { SlicedWork } from '../sliced-work.ts';

/** Returns a reservation that records its release. */
function reservationOf(): Reservation & { isReleased: boolean } {
  return {
    bytes: 0,
    reclaim: null,
    isReleased: false,
    grow: () => null,
    shrink: () => undefined,
    release() {
      this.isReleased = true;
    },
  };
}

/** Splits bytes into pieces of this length, each with its own memory. */
function inPieces(bytes: Buffer, length: number): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += length) {
    const piece = Buffer.allocUnsafeSlow(Math.min(length, bytes.length - at));
    bytes.copy(piece, 0, at);
    pieces.push(piece);
  }
  return pieces;
}

const bytesOf = ({ pieces }: HeldBody): string => Buffer.concat(pieces).toString('latin1');

describe('a body in pieces', () => {
  const bytes = fc.uint8Array({ minLength: 1, maxLength: 100 }).map((array) => Buffer.from(array));

  test('has the same bytes as the whole in every range', () => {
    fc.assert(
      fc.property(bytes, fc.integer({ min: 1, max: 20 }), fc.nat(), fc.nat(), (whole, length, one, other) => {
        const body = HeldBody.of(inPieces(whole, length));
        const [start = 0, end = 0] = [one, other].map((at) => at % (whole.length + 1)).toSorted((a, b) => a - b);
        expect(body.text(start, end, 'latin1')).toBe(whole.toString('latin1', start, end));
        expect([body.byteLength, bytesOf(body)]).toEqual([whole.length, whole.toString('latin1')]);
      }),
    );
  });

  test('is edited like the whole', () => {
    const edit = fc.record({ gap: fc.nat(15), length: fc.nat(15), text: fc.constantFrom('', 'x', 'long text') });
    fc.assert(
      fc.property(
        bytes,
        fc.integer({ min: 1, max: 20 }),
        fc.array(edit, { maxLength: 5 }),
        (whole, length, changes) => {
          const edits: Edit[] = [];
          let at = 0;
          let expected = '';
          for (const { gap, length: cut, text } of changes) {
            const start = Math.min(at + gap, whole.length);
            const end = Math.min(start + cut, whole.length);
            edits.push({ start, end, text });
            expected += whole.toString('latin1', at, start) + text;
            at = end;
          }
          expected += whole.toString('latin1', at);
          const edited = HeldBody.of(inPieces(whole, length)).edited(edits);
          expect([edited.byteLength, bytesOf(edited)]).toEqual([expected.length, expected]);
        },
      ),
    );
  });
});

describe('the memory', () => {
  const pieces = (): Buffer[] => inPieces(Buffer.alloc(300_000, 'x'), 100_000);

  test('is freed when the body is released, not by the garbage collector', () => {
    const all = pieces();
    const reservation = reservationOf();
    const body = HeldBody.of(all, reservation);
    const edited = body.edited([{ start: 0, end: 1, text: 'y' }]);
    edited.release();
    expect(all.map(({ byteLength }) => byteLength)).toEqual([0, 0, 0]);
    expect([reservation.isReleased, body.isHeld, edited.isHeld, body.pieces, edited.pieces]).toEqual([
      true,
      false,
      false,
      [],
      [],
    ]);
    body.release();
  });

  test('is freed if several pieces share one block', () => {
    const block = Buffer.allocUnsafeSlow(200_000);
    HeldBody.of([block.subarray(0, 100_000), block.subarray(100_000)]).release();
    expect(block.buffer.byteLength).toBe(0);
  });

  test('is freed block by block over several turns, and the reservation is released after the last', () => {
    const turns: (() => void)[] = [];
    // The clock advances by 3 ms at each reading, so a turn frees one block.
    let now = 0;
    const work = new SlicedWork({ elapsed: () => (now += 3), nextTurn: (callback) => void turns.push(callback) });
    const all = pieces();
    const reservation = reservationOf();
    HeldBody.of(all, reservation, work).release();
    const left: number[] = [];
    while (!reservation.isReleased && turns.length > 0) {
      left.push(all.filter(({ byteLength }) => byteLength > 0).length);
      turns.shift()?.();
    }
    expect(left).toEqual(all.map((_, index) => all.length - index));
    expect([reservation.isReleased, all.every(({ byteLength }) => byteLength === 0)]).toEqual([true, true]);
  });

  test.each([true, false])('is kept while a connection reads it (all bytes sent: %s)', (isSent) => {
    const all = pieces();
    const reservation = reservationOf();
    const body = HeldBody.of(all, reservation);
    const giveBack = body.lend();
    body.release();
    expect([all[0]?.byteLength, reservation.isReleased, body.isHeld]).toEqual([100_000, false, true]);
    giveBack(isSent);
    giveBack(isSent);
    expect([all[0]?.byteLength, reservation.isReleased, body.isHeld]).toEqual([0, true, false]);
  });

  test('can be reclaimed after all bytes are sent, unless they are being sent again', () => {
    const reservation = reservationOf();
    const body = HeldBody.of(pieces(), reservation);
    const first = body.lend();
    expect(reservation.reclaim).toBe(null);
    first(true);
    expect(reservation.reclaim).not.toBe(null);
    const second = body.lend();
    expect(reservation.reclaim).toBe(null);
    second(true);
    reservation.reclaim?.();
    expect([reservation.isReleased, body.isHeld]).toEqual([true, false]);
  });

  test('cannot be reclaimed while it is kept for a second attempt', () => {
    const reservation = reservationOf();
    const body = HeldBody.of(pieces(), reservation);
    body.lend()(true);
    expect([body.keep(), reservation.reclaim, body.isHeld]).toEqual([true, null, true]);
  });

  test('cannot be kept after another body has reclaimed it', () => {
    const reservation = reservationOf();
    const body = HeldBody.of(pieces(), reservation);
    body.lend()(true);
    reservation.reclaim?.();
    expect(body.keep()).toBe(false);
  });

  test('cannot be reclaimed when it was not sent completely', () => {
    const reservation = reservationOf();
    HeldBody.of(pieces(), reservation).lend()(false);
    expect(reservation.reclaim).toBe(null);
  });
});
