import { describe, expect, test } from 'vitest';
import { isCommonSound, wavOf } from './wav.ts';

describe('a WAV file', () => {
  const file = wavOf(new Float32Array([0, 1, -1, 2]), 16_000);
  const view = new DataView(file);

  test('has its length, its rate and one channel in the head', () => {
    expect(isCommonSound(new Uint8Array(file))).toBe(true);
    expect(view.getUint32(4, true)).toBe(file.byteLength - 8);
    expect([view.getUint16(22, true), view.getUint32(24, true), view.getUint32(40, true)]).toEqual([1, 16_000, 8]);
  });

  test('has samples of 16 bits; louder ones are cut', () => {
    expect([0, 1, 2, 3].map((at) => view.getInt16(44 + at * 2, true))).toEqual([0, 32_767, -32_767, 32_767]);
  });
});

test.each([
  ['FLAC', [0x66, 0x4c, 0x61, 0x43], true],
  ['MP3 with a title', [0x49, 0x44, 0x33, 4], true],
  ['MP3', [0xff, 0xfb, 0x90, 0], true],
  ['WebM', [0x1a, 0x45, 0xdf, 0xa3], false],
  ['AAC', [0xff, 0xf1, 0x50, 0x80], false],
  ['nothing', [], false],
])('%s is read by engines as it is: %j', (_name, bytes, isCommon) => {
  expect(isCommonSound(new Uint8Array(bytes))).toBe(isCommon);
});
