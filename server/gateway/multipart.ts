/** A field of a form, and the range of its value in the body. */
export interface FormField {
  /** The name as written, not decoded: browsers, curl and others escape differently. */
  name: string;
  start: number;
  end: number;
}

/** More parts than any API's form has. Each part takes a microsecond, which delays all requests. */
const MOST_PARTS = 1_000;
const LONGEST_PART_HEAD = 8_192;
const BOUNDARY = /^\s*multipart\/form-data\s*;(?:.*;)?\s*boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))/i;
const DISPOSITION = /^content-disposition:[ \t]*form-data[ \t]*(;[^]*)$/i;
const FILE = /;[ \t]*filename\*?=/i;
const NAME = /;[ \t]*name=(?:"((?:[^"\\]|\\[^])*)"|([^\s;"]+))/i;
const CARRIAGE_RETURN = 0x0d;
const LINE_FEED = 0x0a;
const SPACE = 0x20;
const TAB = 0x09;
const DASH = 0x2d;
/** Number of bytes that can be compared one by one in the time of one call of `indexOf`. */
const NEAR = 48;

/** Returns the boundary in a form's content type; `null`: the type is not a form's, or has no boundary. */
export function boundaryOf(contentType: string): string | null {
  const [, quoted, plain] = BOUNDARY.exec(contentType) ?? [];
  return quoted ?? plain ?? null;
}

/** Position of the scanner: in a value, right after a delimiter, in the headers of a part, after the last delimiter. */
type Place = 'value' | 'delimiter' | 'head' | 'end';

/**
 * Finds the fields of a form, without files. Takes bytes in pieces of any size. The time is proportional to the number of
 * bytes: a delimiter can begin only at its carriage return, so no byte is compared twice.
 */
export class FormScanner {
  readonly #delimiter: Buffer;
  readonly #fields: FormField[] = [];
  #place: Place = 'value';
  /** Bytes in all earlier pieces. */
  #base = 0;
  /**
   * How many bytes of the delimiter have matched. Starts at 2: the first delimiter may begin the body, without a line
   * break.
   */
  #matched = 2;
  /** The byte right after the delimiter; -1: not read yet. Two bytes decide whether the delimiter is real. */
  #behind = -1;
  #head: number[] = [];
  /** Position of the first line break in the head; -1: not read yet. */
  #lineEnd = -1;
  #parts = 0;
  /** The field whose value is being read; `null` in a file and before the first part. */
  #field: FormField | null = null;

  readonly #watched: RegExp | null;
  #isWatchedSeen = false;

  /** @param boundary A result of {@link boundaryOf}. @param watched Pattern to find in the headers of all parts, files too. */
  constructor(boundary: string, watched: RegExp | null = null) {
    this.#delimiter = Buffer.from(`\r\n--${boundary}`, 'latin1');
    this.#watched = watched;
  }

  /** Whether the headers of a part matched `watched`. */
  get isWatchedSeen(): boolean {
    return this.#isWatchedSeen;
  }

  /** Reads the next piece. @throws {SyntaxError} for a body that is not a valid form */
  push(bytes: Buffer): void {
    let at = 0;
    while (at < bytes.length && this.#place !== 'end') at = this.#step(bytes, at);
    this.#base += bytes.length;
  }

  /** Returns the fields in order. @throws {SyntaxError} for an incomplete body */
  finish(): FormField[] {
    if (this.#place !== 'end') throw new SyntaxError('the form is incomplete');
    return this.#fields;
  }

  #step(bytes: Buffer, at: number): number {
    if (this.#place === 'value') return this.#inValue(bytes, at);
    if (this.#place === 'delimiter') return this.#behindDelimiter(bytes[at] ?? 0, at);
    return this.#inHead(bytes[at] ?? 0, at);
  }

  #inValue(bytes: Buffer, from: number): number {
    const delimiter = this.#delimiter;
    let at = from;
    let matched = this.#matched;
    let near = at + NEAR;
    while (at < bytes.length) {
      if (matched === 0 && at >= near) {
        const next = bytes.indexOf(CARRIAGE_RETURN, at);
        at = next === -1 ? bytes.length : next;
        near = at + NEAR;
        if (next === -1) break;
      }
      const byte = bytes[at];
      at += 1;
      if (byte === delimiter[matched]) matched += 1;
      else matched = byte === CARRIAGE_RETURN ? 1 : 0;
      if (matched < delimiter.length) continue;
      this.#place = 'delimiter';
      this.#behind = -1;
      break;
    }
    this.#matched = matched;
    return at;
  }

  /**
   * Decides by the bytes after a delimiter whether it is real: text in a value may begin like the delimiter and
   * continue differently.
   */
  #behindDelimiter(byte: number, at: number): number {
    const first = this.#behind;
    if (first === -1) {
      if (byte === SPACE || byte === TAB) return this.#beginPart(at, [byte]);
      this.#behind = byte;
      if (byte === DASH || byte === CARRIAGE_RETURN) return at + 1;
    }
    if (first === DASH && byte === DASH) {
      this.#endField(at - 1);
      this.#place = 'end';
      return at + 1;
    }
    if (first === CARRIAGE_RETURN && byte === LINE_FEED) return this.#beginPart(at - 1, [first, byte]);
    this.#place = 'value';
    // The last byte may begin the real delimiter.
    this.#matched = byte === CARRIAGE_RETURN ? 1 : 0;
    return at + 1;
  }

  /**
   * Begins a part.
   *
   * @param at Position after the delimiter; negative if the delimiter ended in an earlier piece.
   * @param behind Bytes that were read after the delimiter.
   */
  #beginPart(at: number, behind: number[]): number {
    this.#endField(at);
    if (this.#parts === MOST_PARTS) throw new SyntaxError(`the form has more than ${MOST_PARTS} parts`);
    this.#parts += 1;
    this.#head = behind;
    this.#lineEnd = behind.length === 2 ? 0 : -1;
    this.#place = 'head';
    return at + behind.length;
  }

  #inHead(byte: number, at: number): number {
    const head = this.#head;
    head.push(byte);
    const { length } = head;
    if (length > LONGEST_PART_HEAD + 4) throw new SyntaxError('the headers of a part are too long');
    if (byte !== LINE_FEED || head[length - 2] !== CARRIAGE_RETURN) return at + 1;
    if (this.#lineEnd === -1) this.#lineEnd = length - 2;
    // The headers and a blank line follow the delimiter's line. Without headers, the delimiter's line break begins the
    // blank line.
    if (length - 4 < this.#lineEnd || head[length - 3] !== LINE_FEED || head[length - 4] !== CARRIAGE_RETURN)
      return at + 1;
    const text = Buffer.from(head.slice(this.#lineEnd + 2, -4)).toString();
    if (this.#watched?.test(text) === true) this.#isWatchedSeen = true;
    const name = fieldName(text);
    const start = this.#base + at + 1;
    this.#field = name === null ? null : { name, start, end: start };
    this.#place = 'value';
    // If the value is empty, the blank line's line break may also begin the next delimiter.
    this.#matched = 2;
    return at + 1;
  }

  /** Ends the current field. @param at Position after the delimiter. */
  #endField(at: number): void {
    if (this.#field === null) return;
    this.#field.end = Math.max(this.#field.start, this.#base + at - this.#delimiter.length);
    this.#fields.push(this.#field);
    this.#field = null;
  }
}

function fieldName(head: string): string | null {
  const line = head.split('\r\n').find((each) => DISPOSITION.test(each));
  const parameters = DISPOSITION.exec(line ?? '')?.[1];
  if (parameters === undefined || FILE.test(parameters)) return null;
  const [, quoted, plain] = NAME.exec(parameters) ?? [];
  return quoted ?? plain ?? null;
}
