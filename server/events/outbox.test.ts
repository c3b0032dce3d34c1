import { describe, expect, it } from 'vitest';
import { Outbox } from './outbox.ts';

function anOutbox() {
  const written: string[] = [];
  const wire = { pending: 0, write: (bytes: Buffer) => void written.push(bytes.toString()) };
  return { outbox: new Outbox(wire), wire, written };
}
const parcel = (all: string, essential = all) => ({ all: Buffer.from(all), essential: Buffer.from(essential) });

describe('an outbox', () => {
  it('writes at once what the wire takes, and nothing for nothing', () => {
    const { outbox, written } = anOutbox();
    expect(outbox.send(parcel('event stats', 'event'))).toBe(true);
    expect(outbox.send(parcel(''))).toBe(true);
    expect(written).toEqual(['event stats']);
  });

  it('holds back while the wire is blocked, and drops what can be spared', () => {
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

  it('lets nothing overtake what waits', () => {
    const { outbox, wire, written } = anOutbox();
    wire.pending = 70_000;
    outbox.send(parcel('one '));
    wire.pending = 0;
    outbox.send(parcel('two'));
    outbox.drained();
    expect(written).toEqual(['one two']);
  });

  it('says when more waits than it holds, and never for what can be spared', () => {
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
