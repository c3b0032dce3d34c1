import { describe, expect, it } from 'vitest';
import { Outbox } from './outbox.ts';

function anOutbox() {
  const written: string[] = [];
  const wire = { pending: 0, write: (bytes: Buffer) => void written.push(bytes.toString()) };
  return { outbox: new Outbox(wire, 0), wire, written };
}
const parcel = (all: string, essential = all) => ({ all: Buffer.from(all), essential: Buffer.from(essential) });

describe('Outbox', () => {
  it('writes at once while the wire is free, and writes no empty parcel', () => {
    const { outbox, written } = anOutbox();
    expect(outbox.send(parcel('event stats', 'event'), 1)).toBe(true);
    expect(outbox.send(parcel(''), 2)).toBe(true);
    expect(written).toEqual(['event stats']);
    expect(outbox.lastSeq).toBe(2);
  });

  it('holds messages back while the wire is blocked, and drops statistics', () => {
    const { outbox, wire, written } = anOutbox();
    wire.pending = 70_000;
    expect(outbox.send(parcel('one stats', 'one '), 1)).toBe(true);
    expect(outbox.send(parcel('stats', ''), 1)).toBe(true);
    expect(outbox.send(parcel('two'), 2)).toBe(true);
    expect(written).toEqual([]);
    expect(outbox.lastSeq).toBe(0);
    wire.pending = 0;
    outbox.drained();
    outbox.drained();
    expect(written).toEqual(['one two']);
    expect(outbox.lastSeq).toBe(2);
  });

  it('keeps the order of waiting messages', () => {
    const { outbox, wire, written } = anOutbox();
    wire.pending = 70_000;
    outbox.send(parcel('one '), 1);
    wire.pending = 0;
    outbox.send(parcel('two'), 2);
    outbox.drained();
    expect(written).toEqual(['one two']);
  });

  it('returns false when too much waits, but never because of statistics', () => {
    const { outbox, wire } = anOutbox();
    wire.pending = 70_000;
    const kilobyte = 'x'.repeat(1_024);
    const answers = Array.from({ length: 1_025 }, () => {
      outbox.send(parcel(kilobyte, ''), 0);
      return outbox.send(parcel(kilobyte), 0);
    });
    expect(answers.indexOf(false)).toBe(1_024);
  });
});
