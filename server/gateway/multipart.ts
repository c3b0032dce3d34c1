/** A field of a form, and where its value lies in the body. */
export interface FormField {
  /** As it is written: browsers, curl and others each escape in their own way. */
  name: string;
  start: number;
  end: number;
}

/** No form of an API has more; each costs a microsecond of everybody's time. */
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
/** A call of `indexOf` costs as much as this many bytes looked at one by one. */
const NEAR = 48;

/** What separates the parts of a form with this content type; `null`: it is none, or does not say. */
export function boundaryOf(contentType: string): string | null {
  const [, quoted, plain] = BOUNDARY.exec(contentType) ?? [];
  return quoted ?? plain ?? null;
}

/** Where the scanner stands: within a value, right behind a delimiter, in the headers of a part, behind the last delimiter. */
type Place = 'value' | 'delimiter' | 'head' | 'end';

/**
 * Finds the fields of a form that are no files. Bytes come in pieces of any size. The time is proportional to the number of
 * bytes: a delimiter can begin only at its carriage return, so no byte is compared twice.
 */
export class FormScanner {
  readonly #delimiter: Buffer;
  readonly #fields: FormField[] = [];
  #place: Place = 'value';
  /** Bytes in the pieces before. */
  #base = 0;
  /** Bytes of the delimiter that have come. The first one may stand at the very beginning, without its line break. */
  #matched = 2;
  /** The byte right behind the delimiter; -1: it has not come. Two bytes decide whether it is one. */
  #behind = -1;
  #head: number[] = [];
  /** Where in the head its first line break stands; -1: not yet. */
  #lineEnd = -1;
  #parts = 0;
  /** The field whose value is being read; `null`: a file, or what stands before the first part. */
  #field: FormField | null = null;

  readonly #watched: RegExp | null;
  #isWatchedSeen = false;

  /** @param boundary As {@link boundaryOf} gives it. @param watched What to look for in the headers of all parts, files too. */
  constructor(boundary: string, watched: RegExp | null = null) {
    this.#delimiter = Buffer.from(`\r\n--${boundary}`, 'latin1');
    this.#watched = watched;
  }

  /** Whether the headers of a part hold what was to be looked for. */
  get isWatchedSeen(): boolean {
    return this.#isWatchedSeen;
  }

  /** @throws {SyntaxError} for a body that is no such form */
  push(bytes: Buffer): void {
    let at = 0;
    while (at < bytes.length && this.#place !== 'end') at = this.#step(bytes, at);
    this.#base += bytes.length;
  }

  /** In their order. @throws {SyntaxError} for a body that is broken off */
  finish(): FormField[] {
    if (this.#place !== 'end') throw new SyntaxError('the form breaks off');
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

  /** Another boundary may begin with ours. */
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
    // What stood behind it may begin the real one.
    this.#matched = byte === CARRIAGE_RETURN ? 1 : 0;
    return at + 1;
  }

  /** @param at Right behind the delimiter; below zero when that was in the piece before. @param behind What stands there. */
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
    if (length > LONGEST_PART_HEAD + 4) throw new SyntaxError('a part of the form has too long headers');
    if (byte !== LINE_FEED || head[length - 2] !== CARRIAGE_RETURN) return at + 1;
    if (this.#lineEnd === -1) this.#lineEnd = length - 2;
    // Behind the line of the delimiter come the headers, and a blank line; both may be one.
    if (length - 4 < this.#lineEnd || head[length - 3] !== LINE_FEED || head[length - 4] !== CARRIAGE_RETURN)
      return at + 1;
    const text = Buffer.from(head.slice(this.#lineEnd + 2, -4)).toString();
    if (this.#watched?.test(text) === true) this.#isWatchedSeen = true;
    const name = fieldName(text);
    const start = this.#base + at + 1;
    this.#field = name === null ? null : { name, start, end: start };
    this.#place = 'value';
    // The line break of the blank line may be that of the next delimiter: an empty value.
    this.#matched = 2;
    return at + 1;
  }

  /** @param at Right behind a delimiter. */
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
