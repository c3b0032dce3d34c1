import { describe, expect, it } from 'vitest';
import { Outbox } from './outbox.ts';

function anOutbox() {
  const written: string[] = [];
  const wire = { pending: 0, write: (bytes: Buffer) => void written.push(bytes.toString()) };
  return { outbox: new Outbox(wire), wire, written };
}
const parcel = (all: string, essential = all) => ({ all: Buffer.from(all), essential: Buffer.from(essential) });

describe('Outbox', () => {
  it('writes at once while the wire is free, and writes no empty parcel', () => {
    const { outbox, written } = anOutbox();
    expect(outbox.send(parcel('event stats', 'event'))).toBe(true);
    expect(outbox.send(parcel(''))).toBe(true);
    expect(written).toEqual(['event stats']);
  });

  it('holds messages back while the wire is blocked, and drops statistics', () => {
    const { outbox, wire, written } = anOutbox();
    wire.pending = 70_000;
    expect(outbox.send(parcel('one stats', 'one '))).toBe(true);
    expect(outbox.send(parcel('stats', ''))).toBe(true);
    expect(outbox.send(parcel('two'))).toBe(true);
    expect(written).toEqual([]);
    wire.pending = 0;
    outbox.drained();
    outbox.drained();
    expect(written).toEqual(['one two']);
  });

  it('keeps the order of waiting messages', () => {
    const { outbox, wire, written } = anOutbox();
    wire.pending = 70_000;
    outbox.send(parcel('one '));
    wire.pending = 0;
    outbox.send(parcel('two'));
    outbox.drained();
    expect(written).toEqual(['one two']);
  });

  it('returns false when too much waits, but never because of statistics', () => {
    const { outbox, wire } = anOutbox();
    wire.pending = 70_000;
    const kilobyte = 'x'.repeat(1_024);
    const answers = Array.from({ length: 1_025 }, () => {
      outbox.send(parcel(kilobyte, ''));
      return outbox.send(parcel(kilobyte));
    });
    expect(answers.indexOf(false)).toBe(1_024);
  });
});
