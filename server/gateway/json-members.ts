import type { HeldBody } from './held-body.ts';
import { decoded, LONGEST_ESCAPE, StringScanner } from './json-string.ts';
import { CLOSE_ARRAY, CLOSE_OBJECT, COLON, COMMA, OPEN_ARRAY, OPEN_OBJECT, QUOTE } from '../json-bytes.ts';

/** Position of one member of a JSON object in its bytes: from the opening quote of its key to the end of its value. */
export interface Member {
  start: number;
  keyEnd: number;
  valueStart: number;
  end: number;
}

/** The members of an object in order, with duplicates. */
export interface Members {
  list: readonly Member[];
  /** Position of the closing brace. */
  brace: number;
}

/** More members than any API's object has. Each member costs memory and time when the body is rewritten. */
export const MOST_MEMBERS = 4_096;

const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];

/** The token that the scanner expects or reads. */
type Place = 'start' | 'first key' | 'key' | 'colon' | 'value' | 'string' | 'nested' | 'scalar' | 'after value' | 'end';

/**
 * Finds the members of a JSON object. Takes its bytes in pieces of any size, and skips a byte order mark before it.
 *
 * Copies nothing. Reads the inside of a nested value only to find its end: errors there are left to the engine. The
 * time is proportional to the number of bytes for every input.
 */
export class MemberScanner {
  readonly #members: Member[] = [];
  #place: Place = 'start';
  /** How many bytes of a byte order mark were read. */
  #marked = 0;
  /** Bytes in all earlier pieces. */
  #base = 0;
  #member: Member = { start: 0, keyEnd: 0, valueStart: 0, end: 0 };
  #brace = 0;
  /** The last token was a comma, so a key must follow. */
  #isKeyDue = false;
  #depth = 0;
  /** The position is inside a string within a nested value. */
  #isQuoted = false;
  readonly #string = new StringScanner();
  readonly #scalar = new ScalarScanner();

  /**
   * Reads the next piece.
   *
   * @throws {SyntaxError} for a text that is not an object, or that continues after the object
   * @throws {RangeError} for more than {@link MOST_MEMBERS} members
   */
  push(bytes: Buffer): void {
    let at = 0;
    while (at < bytes.length) at = this.#step(bytes, at);
    this.#base += bytes.length;
  }

  /** Returns the members. @throws {SyntaxError} for an incomplete text */
  finish(): Members {
    if (this.#place !== 'end') throw new SyntaxError('the text is incomplete');
    return { list: this.#members, brace: this.#brace };
  }

  /** @returns the position of the next byte to read */
  #step(bytes: Buffer, at: number): number {
    switch (this.#place) {
      case 'key':
        return this.#inKey(bytes, at);
      case 'string':
        return this.#inString(bytes, at);
      case 'nested':
        return this.#inNested(bytes, at);
      case 'scalar':
        return this.#inScalar(bytes, at);
      default:
        return this.#between(bytes, at);
    }
  }

  #between(bytes: Buffer, from: number): number {
    let at = from;
    while (isSpace(bytes[at])) at += 1;
    const byte = bytes[at];
    if (byte === undefined) return at;
    switch (this.#place) {
      case 'start':
        this.#begin(byte, at);
        break;
      case 'first key':
        if (byte === CLOSE_OBJECT && !this.#isKeyDue) this.#close(at);
        else if (byte === QUOTE) this.#beginMember(at);
        else throw new SyntaxError(`expected a key at byte ${this.#base + at}`);
        break;
      case 'colon':
        if (byte !== COLON) throw new SyntaxError(`expected a colon at byte ${this.#base + at}`);
        this.#place = 'value';
        break;
      case 'value':
        return this.#beginValue(byte, at);
      case 'after value':
        if (byte === CLOSE_OBJECT) this.#close(at);
        else if (byte === COMMA) {
          this.#isKeyDue = true;
          this.#place = 'first key';
        } else throw new SyntaxError(`expected a comma or a closing brace at byte ${this.#base + at}`);
        break;
      default:
        throw new SyntaxError(`unexpected text after the object at byte ${this.#base + at}`);
    }
    return at + 1;
  }

  /** Reads the opening brace, or a byte of a byte order mark, which is valid only at the very beginning. */
  #begin(byte: number, at: number): void {
    if (this.#base + at === this.#marked && byte === BYTE_ORDER_MARK[this.#marked]) this.#marked += 1;
    else if (byte === OPEN_OBJECT && (this.#marked === 0 || this.#marked === BYTE_ORDER_MARK.length)) {
      this.#place = 'first key';
    } else throw new SyntaxError('the text is not an object');
  }

  #beginMember(at: number): void {
    if (this.#members.length === MOST_MEMBERS) throw new RangeError(`the object has more than ${MOST_MEMBERS} members`);
    this.#member = { start: this.#base + at, keyEnd: 0, valueStart: 0, end: 0 };
    this.#members.push(this.#member);
    this.#place = 'key';
  }

  #beginValue(byte: number, at: number): number {
    this.#member.valueStart = this.#base + at;
    if (byte === QUOTE) {
      this.#place = 'string';
      return at + 1;
    }
    if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
      this.#place = 'nested';
      this.#depth = 1;
      return at + 1;
    }
    this.#place = 'scalar';
    this.#scalar.begin();
    return at;
  }

  #endValue(at: number): number {
    this.#member.end = this.#base + at;
    this.#place = 'after value';
    return at;
  }

  #close(at: number): void {
    this.#brace = this.#base + at;
    this.#place = 'end';
  }

  #inKey(bytes: Buffer, from: number): number {
    const end = this.#string.end(bytes, from);
    if (end === -1) return bytes.length;
    this.#member.keyEnd = this.#base + end;
    this.#place = 'colon';
    return end;
  }

  #inString(bytes: Buffer, from: number): number {
    const end = this.#string.end(bytes, from);
    return end === -1 ? bytes.length : this.#endValue(end);
  }

  #inScalar(bytes: Buffer, from: number): number {
    let at = from;
    while (at < bytes.length && !isEndOfScalar(bytes[at])) {
      if (!this.#scalar.takes(bytes[at] ?? 0))
        throw new SyntaxError(`invalid value at byte ${this.#member.valueStart}`);
      at += 1;
    }
    if (at === bytes.length) return at;
    if (!this.#scalar.isWhole) throw new SyntaxError(`invalid value at byte ${this.#member.valueStart}`);
    return this.#endValue(at);
  }

  #inNested(bytes: Buffer, from: number): number {
    let at = from;
    let depth = this.#depth;
    while (at < bytes.length) {
      if (this.#isQuoted) {
        const end = this.#string.end(bytes, at);
        if (end === -1) break;
        this.#isQuoted = false;
        at = end;
        continue;
      }
      const byte = bytes[at];
      at += 1;
      if (byte === QUOTE) this.#isQuoted = true;
      else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) depth += 1;
      else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) depth -= 1;
      if (depth === 0) return this.#endValue(at);
    }
    this.#depth = depth;
    return bytes.length;
  }
}

/** Finds the members of a body in one step, without yielding to other requests. @throws like {@link MemberScanner} */
export function membersOf({ pieces }: HeldBody): Members {
  const scanner = new MemberScanner();
  for (const piece of pieces) scanner.push(piece);
  return scanner.finish();
}

/**
 * Returns a member's decoded key; `null` if it is far longer than `longest` or cannot be decoded.
 *
 * @param longest In UTF-16 units.
 */
export function keyOf(body: HeldBody, { start, keyEnd }: Member, longest: number): string | null {
  if (keyEnd - start - 2 > longest * LONGEST_ESCAPE) return null;
  return decoded(body.text(start, keyEnd));
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

function isEndOfScalar(byte: number | undefined): boolean {
  return byte === COMMA || byte === CLOSE_OBJECT || isSpace(byte);
}

/** The part of a number that was read last. */
type NumberPlace = 'begin' | 'minus' | 'zero' | 'integer' | 'point' | 'fraction' | 'e' | 'sign' | 'exponent';

const WHOLE: ReadonlySet<NumberPlace> = new Set(['zero', 'integer', 'fraction', 'exponent']);
const LITERALS: Readonly<Record<string, string>> = { t: 'true', f: 'false', n: 'null' };

/** Reads `true`, `false`, `null` and numbers byte by byte. */
class ScalarScanner {
  #number: NumberPlace = 'begin';
  #literal: string | null = null;
  #length = 0;

  begin(): void {
    this.#number = 'begin';
    this.#literal = null;
    this.#length = 0;
  }

  get isWhole(): boolean {
    return this.#literal === null ? WHOLE.has(this.#number) : this.#length === this.#literal.length;
  }

  /** @returns whether the byte may stand here */
  takes(byte: number): boolean {
    const character = String.fromCharCode(byte);
    if (this.#length === 0) this.#literal = LITERALS[character] ?? null;
    this.#length += 1;
    if (this.#literal !== null) return this.#literal[this.#length - 1] === character;
    const next = afterCharacter(this.#number, character);
    if (next === null) return false;
    this.#number = next;
    return true;
  }
}

function afterCharacter(place: NumberPlace, character: string): NumberPlace | null {
  const isDigit = character >= '0' && character <= '9';
  switch (place) {
    case 'begin':
      if (character === '-') return 'minus';
      return isDigit ? (character === '0' ? 'zero' : 'integer') : null;
    case 'minus':
      return isDigit ? (character === '0' ? 'zero' : 'integer') : null;
    case 'zero':
    case 'integer':
      if (isDigit) return place === 'integer' ? 'integer' : null;
      if (character === '.') return 'point';
      return character === 'e' || character === 'E' ? 'e' : null;
    case 'point':
      return isDigit ? 'fraction' : null;
    case 'fraction':
      if (isDigit) return 'fraction';
      return character === 'e' || character === 'E' ? 'e' : null;
    case 'e':
      if (character === '+' || character === '-') return 'sign';
      return isDigit ? 'exponent' : null;
    default:
      return isDigit ? 'exponent' : null;
  }
}
