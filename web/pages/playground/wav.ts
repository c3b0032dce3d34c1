/** Bytes of the head of a WAV file. */
const HEAD = 44;
const BYTES = 2;

/** Writes sound as a WAV file: 16 bits, one channel. @param samples From -1 to 1. @param rate Samples a second. */
export function wavOf(samples: Float32Array, rate: number): ArrayBuffer {
  const file = new ArrayBuffer(HEAD + samples.length * BYTES);
  const view = new DataView(file);
  const word = (at: number, text: string): void => {
    for (let index = 0; index < text.length; index += 1) view.setUint8(at + index, text.charCodeAt(index));
  };
  word(0, 'RIFF');
  view.setUint32(4, file.byteLength - 8, true);
  word(8, 'WAVEfmt ');
  view.setUint32(16, 16, true);
  // Plain numbers, one channel.
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, rate, true);
  view.setUint32(28, rate * BYTES, true);
  view.setUint16(32, BYTES, true);
  view.setUint16(34, BYTES * 8, true);
  word(36, 'data');
  view.setUint32(40, samples.length * BYTES, true);
  for (const [index, sample] of samples.entries()) {
    view.setInt16(HEAD + index * BYTES, Math.round(Math.min(1, Math.max(-1, sample)) * 32_767), true);
  }
  return file;
}

/** Whether a file begins like WAV, FLAC or MP3, which engines read as they are. */
export function isCommonSound(begin: Uint8Array): boolean {
  const text = String.fromCharCode(...begin.subarray(0, 12));
  if (/^RIFF....WAVE/s.test(text) || text.startsWith('fLaC') || text.startsWith('ID3')) return true;
  // A frame of MP3 begins with eleven ones.
  return begin[0] === 0xff && ((begin[1] ?? 0) & 0xe6) === 0xe2;
}
