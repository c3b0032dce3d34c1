/** Where one member of a JSON object lies in its bytes: from the quote of its key to the end of its value. */
export interface Member {
  start: number;
  keyEnd: number;
  valueStart: number;
  end: number;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const BYTE_ORDER_MARK = 'efbbbf';
/** A call of `indexOf` costs as much as this many bytes looked at one by one. */
const NEAR = 48;
const SCALAR = /^(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)$/;

/**
 * Visits the members of the one object that a text consists of, in their order, duplicates too. A byte order mark before it
 * is passed over. Nothing is copied; the inside of values is only looked at as far as their end: whoever needs a value
 * parses its bytes.
 *
 * @param visit Gets one object, which is overwritten for the next member.
 * @returns where the closing brace stands
 * @throws {SyntaxError} for a text that is not an object, is broken off, or has something behind it
 */
export function visitMembers(bytes: Buffer, visit: (member: Member) => void): number {
  let at = afterSpace(bytes, bytes.toString('hex', 0, 3) === BYTE_ORDER_MARK ? 3 : 0);
  if (bytes[at] !== OPEN_OBJECT) throw new SyntaxError('the text is not an object');
  at = afterSpace(bytes, at + 1);
  const member: Member = { start: 0, keyEnd: 0, valueStart: 0, end: 0 };
  let isFirst = true;
  while (bytes[at] !== CLOSE_OBJECT || !isFirst) {
    isFirst = false;
    if (bytes[at] !== QUOTE) throw new SyntaxError(`no key at byte ${at}`);
    member.start = at;
    member.keyEnd = afterString(bytes, at);
    at = afterSpace(bytes, member.keyEnd);
    if (bytes[at] !== COLON) throw new SyntaxError(`no colon at byte ${at}`);
    member.valueStart = afterSpace(bytes, at + 1);
    member.end = afterValue(bytes, member.valueStart);
    visit(member);
    at = afterSpace(bytes, member.end);
    if (bytes[at] === CLOSE_OBJECT) break;
    if (bytes[at] !== COMMA) throw new SyntaxError(`neither comma nor brace at byte ${at}`);
    at = afterSpace(bytes, at + 1);
  }
  if (afterSpace(bytes, at + 1) < bytes.length) throw new SyntaxError(`something behind the object at byte ${at + 1}`);
  return at;
}

/** Whether a member's key is this. @param key plain: no quote, no backslash, ASCII */
export function hasKey(bytes: Buffer, { start, keyEnd }: Member, key: string): boolean {
  const length = keyEnd - start - 2;
  if (length === key.length) return bytes.toString('latin1', start + 1, keyEnd - 1) === key;
  // an escaped character takes two bytes, or six
  if (length < key.length || length > key.length * 6) return false;
  return keyOf(bytes, { start, keyEnd }) === key;
}

/** A member's key, decoded. @throws {SyntaxError} for an escape that is none */
export function keyOf(bytes: Buffer, { start, keyEnd }: Pick<Member, 'start' | 'keyEnd'>): string {
  return JSON.parse(bytes.toString('utf8', start, keyEnd)) as string;
}

function afterSpace(bytes: Buffer, from: number): number {
  let at = from;
  for (;;) {
    const byte = bytes[at];
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return at;
    at += 1;
  }
}

function afterValue(bytes: Buffer, from: number): number {
  const first = bytes[from];
  if (first === QUOTE) return afterString(bytes, from);
  if (first === OPEN_OBJECT || first === OPEN_ARRAY) return afterNested(bytes, from);
  let at = from;
  while (at < bytes.length && !isEndOfScalar(bytes[at])) at += 1;
  if (!SCALAR.test(bytes.toString('latin1', from, at))) throw new SyntaxError(`no value at byte ${from}`);
  return at;
}

function isEndOfScalar(byte: number | undefined): boolean {
  return byte === COMMA || byte === CLOSE_OBJECT || byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

/** @param from The opening bracket. */
function afterNested(bytes: Buffer, from: number): number {
  let depth = 0;
  for (let at = from; at < bytes.length;) {
    const byte = bytes[at];
    if (byte === QUOTE) {
      at = afterString(bytes, at);
      continue;
    }
    if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) depth += 1;
    else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) depth -= 1;
    at += 1;
    if (depth === 0) return at;
  }
  throw new SyntaxError('the text breaks off');
}

/** @param from The opening quote. */
function afterString(bytes: Buffer, from: number): number {
  let at = from + 1;
  for (const near = at + NEAR; at < near;) {
    const byte = bytes[at];
    if (byte === QUOTE) return at + 1;
    at += byte === BACKSLASH ? 2 : 1;
  }
  for (;;) {
    const quote = bytes.indexOf(QUOTE, at);
    if (quote === -1 || at >= bytes.length) throw new SyntaxError('the text breaks off');
    let before = quote - 1;
    while (bytes[before] === BACKSLASH) before -= 1;
    if ((quote - 1 - before) % 2 === 0) return quote + 1;
    at = quote + 1;
  }
}
