/** A text frame (RFC 6455, 5.2): final and, as a server's frames are, not masked. So all clients get the same bytes. */
const FINAL_TEXT = 0x81;
/** From this value on the length has two extra bytes, or eight where it needs more than 16 bits. */
const TWO_BYTE_LENGTH = 126;
const EIGHT_BYTE_LENGTH = 127;

/** The bytes of a WebSocket frame that carries `text`. */
export function textFrame(text: string): Buffer {
  const length = Buffer.byteLength(text);
  const headerLength = length < TWO_BYTE_LENGTH ? 2 : length < 2 ** 16 ? 4 : 10;
  // Allocate outside Node's pool: the replay keeps frames, and each would keep 64 KB of the pool, 64 MB in all.
  const frame = Buffer.allocUnsafeSlow(headerLength + length);
  frame[0] = FINAL_TEXT;
  if (headerLength === 2) {
    frame[1] = length;
  } else if (headerLength === 4) {
    frame[1] = TWO_BYTE_LENGTH;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = EIGHT_BYTE_LENGTH;
    frame.writeBigUInt64BE(BigInt(length), 2);
  }
  frame.write(text, headerLength);
  return frame;
}
