import { describe, expect, it } from 'vitest';
import { textFrame } from './message.ts';

describe('textFrame', () => {
  it.each([
    [0, '8100'],
    [125, '817d'],
    [126, '817e007e'],
    [65_535, '817effff'],
    [65_536, '817f0000000000010000'],
  ])('writes the length of %i bytes into the header, and no mask', (length, header) => {
    const text = 'x'.repeat(length);
    expect(textFrame(text).toString('latin1')).toBe(Buffer.from(header, 'hex').toString('latin1') + text);
  });

  it('counts bytes, not characters', () => {
    expect(textFrame('é')).toEqual(Buffer.from([0x81, 2, 0xc3, 0xa9]));
  });

  it('keeps no memory of a pool alive', () => {
    const frame = textFrame('x');
    expect(frame.buffer.byteLength).toBe(frame.byteLength);
  });
});
