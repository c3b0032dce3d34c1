/** A text frame (RFC 6455, 5.2): whole, final, and not masked, as a server's are. So it is the same for every client. */
const FINAL_TEXT = 0x81;
/** Lengths from here on stand in two bytes of their own, those that need more than 16 bits in eight. */
const TWO_BYTE_LENGTH = 126;
const EIGHT_BYTE_LENGTH = 127;

/** The bytes of a WebSocket frame that carries `text`. */
export function textFrame(text: string): Buffer {
  const length = Buffer.byteLength(text);
  const headerLength = length < TWO_BYTE_LENGTH ? 2 : length < 2 ** 16 ? 4 : 10;
  // Memory of its own: frames are kept for the replay, and each from Node's pool would keep 64 KB of it, 64 MB in all.
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
