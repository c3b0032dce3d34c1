/** The head of an engine's final answer. Interim answers (1xx) before it are not part of it. */
export interface AnswerHead {
  status: number;
  /** The reason phrase after the status; may be empty. */
  phrase: string;
  /** Name, value, name, value, …; order, case and duplicates kept. */
  rawHeaders: string[];
  /** The value of `Content-Length`; `null` without that header. */
  length: number | null;
  isChunked: boolean;
  /** Whether the engine keeps the connection open after this answer, as far as its headers say. */
  isPersistent: boolean;
}

/** The engine's answer is not valid HTTP/1, or its end cannot be determined. */
export class MalformedAnswer extends Error {
  override readonly name = 'MalformedAnswer';
}

const STATUS_LINE = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: (.*))?$/;
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const FORBIDDEN = /[^\t\x20-\x7e\x80-\xff]/;
const DIGITS = /^\d{1,15}$/;

/**
 * Parses a head. It is strict, because the result decides where the next answer on the connection begins.
 *
 * @param text From the status line to the last header, one character for each byte, without the blank line.
 * @throws {MalformedAnswer}
 */
export function parseHead(text: string): AnswerHead {
  const [statusLine = '', ...lines] = text.split('\r\n');
  const [, minor, status, phrase = ''] = STATUS_LINE.exec(statusLine) ?? [];
  if (status === undefined || FORBIDDEN.test(phrase)) throw new MalformedAnswer('an invalid status line');
  const head: AnswerHead = {
    status: Number(status),
    phrase,
    rawHeaders: [],
    length: null,
    isChunked: false,
    isPersistent: minor === '1',
  };
  for (const line of lines) {
    const [name, value] = parseField(line);
    head.rawHeaders.push(name, value);
    // Compare the length of the name first: it rules out most headers.
    if (name.length === 14) readLength(head, name, value);
    else if (name.length === 17) readEncoding(head, name, value);
    else if (name.length === 10) readConnection(head, name, value);
  }
  if (head.isChunked && head.length !== null) throw new MalformedAnswer('two lengths');
  return head;
}

/** Parses one header or trailer. @throws {MalformedAnswer} also for a line that continues the previous one */
export function parseField(line: string): [name: string, value: string] {
  const colon = line.indexOf(':');
  const name = line.slice(0, Math.max(colon, 0));
  const value = line.slice(colon + 1).trim();
  if (!TOKEN.test(name) || FORBIDDEN.test(value)) throw new MalformedAnswer('an invalid header');
  return [name, value];
}

function readLength(head: AnswerHead, name: string, value: string): void {
  if (name.toLowerCase() !== 'content-length') return;
  if (head.length !== null || !DIGITS.test(value)) throw new MalformedAnswer('an invalid Content-Length');
  head.length = Number(value);
}

function readEncoding(head: AnswerHead, name: string, value: string): void {
  if (name.toLowerCase() !== 'transfer-encoding') return;
  if (head.isChunked || value.toLowerCase() !== 'chunked')
    throw new MalformedAnswer('a Transfer-Encoding other than chunked');
  head.isChunked = true;
}

function readConnection(head: AnswerHead, name: string, value: string): void {
  if (name.toLowerCase() !== 'connection') return;
  if (value.split(',').some((option) => option.trim().toLowerCase() === 'close')) head.isPersistent = false;
}

/** Receives the parts of an answer. Bytes are only lent: the next read overwrites them. */
export interface AnswerEvents {
  /** Receives an interim answer (1xx). A parser reports at most 100 000. */
  information(status: number): void;
  head(head: AnswerHead): void;
  /** Receives a part of the body, but never the last one. */
  data(bytes: Buffer): void;
  /** Receives the trailers and the last part of the body, which may be empty. */
  end(bytes: Buffer, rawTrailers: string[]): void;
}

/** Limits of an answer in bytes, so that an engine cannot exhaust the memory of this process. */
const LONGEST_HEAD = 65_536;
const LONGEST_CHUNK_LINE = 4_096;
/** Most interim answers to one request. A 102 each second reaches this number only after more than a day. */
const MOST_INTERIM = 100_000;

const HEAD_END = '\r\n\r\n';
const START = 'HTTP/1.';
/** A JavaScript number represents every integer of thirteen hexadecimal digits exactly. */
const CHUNK_LINE = /^([0-9A-Fa-f]{1,13})[ \t]*(?:;.*)?$/;
const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;
const NOTHING = Buffer.alloc(0);

type Part =
  | 'head'
  | 'sized'
  | 'chunk size'
  | 'chunk'
  | 'chunk end'
  | 'trailers'
  | 'until close'
  | 'upgraded'
  | 'complete';

/** Parses one answer of an engine. Takes the bytes of the connection in pieces that may end anywhere. */
export class AnswerParser {
  readonly #isHead: boolean;
  readonly #isUpgradeWanted: boolean;
  readonly #events: AnswerEvents;
  #part: Part = 'head';
  /** The beginning of a head or line whose end has not arrived. */
  #begun: string[] = [];
  #begunLength = 0;
  /** The last characters of an incomplete head: the blank line after it may be split across two reads. */
  #tail = '';
  /** Number of bytes still to come: of the body if its length is known, otherwise of the current chunk. */
  #remaining = 0;
  #trailers: string[] = [];
  #trailersLength = 0;
  #interim = 0;
  #isSelfDelimiting = false;
  #hasExcess = false;

  /**
   * @param method The method of the request: no answer to HEAD has a body.
   * @param isUpgradeWanted Whether the request asks for an upgrade; otherwise a 101 is malformed.
   */
  constructor(method: string, isUpgradeWanted: boolean, events: AnswerEvents) {
    this.#isHead = method === 'HEAD';
    this.#isUpgradeWanted = isUpgradeWanted;
    this.#events = events;
  }

  get isComplete(): boolean {
    return this.#part === 'complete';
  }

  /**
   * Whether the connection can be used for another request. After a chunked answer it cannot: llama-server then closes
   * the connection unannounced, which broke 150 of 300 simultaneous requests.
   */
  get leavesConnection(): boolean {
    return this.isComplete && this.#isSelfDelimiting && !this.#hasExcess;
  }

  /**
   * Parses bytes that were read. Overwrites `bytes` when it holds several chunks: their data is moved together.
   *
   * @returns how many bytes were parsed: fewer than all only after a 101
   * @throws {MalformedAnswer}
   */
  push(bytes: Buffer): number {
    let at = 0;
    while (this.#part === 'head' && at < bytes.length) at = this.#readHead(bytes, at);
    if (at === bytes.length || this.#part === 'upgraded') return at;
    switch (this.#part) {
      case 'sized':
        this.#readSized(bytes, at);
        break;
      case 'until close':
        this.#events.data(bytes.subarray(at));
        break;
      case 'complete':
        this.#hasExcess = true;
        break;
      default:
        this.#readChunks(bytes, at);
    }
    return bytes.length;
  }

  /** Ends the answer: the engine has closed the connection. @throws {MalformedAnswer} if the answer is incomplete */
  finish(): void {
    if (this.#part === 'until close') this.#complete(NOTHING);
    else if (this.#part !== 'complete') throw new MalformedAnswer('the engine broke off in the middle of its answer');
  }

  #readHead(bytes: Buffer, from: number): number {
    const text = this.#headText(bytes, from);
    if (text === null) return bytes.length;
    if (text.length > LONGEST_HEAD) throw new MalformedAnswer('a head that is too long');
    const end = from + text.length + HEAD_END.length - this.#begunLength;
    this.#begun = [];
    this.#begunLength = 0;
    this.#tail = '';
    const head = parseHead(text);
    if (head.status >= 200) this.#begin(head);
    else if (head.status !== 101) this.#inform(head.status);
    else if (this.#isUpgradeWanted) {
      this.#part = 'upgraded';
      this.#events.head(head);
    } else throw new MalformedAnswer('the engine switched protocols without a request');
    return end;
  }

  #inform(status: number): void {
    this.#interim += 1;
    if (this.#interim > MOST_INTERIM) throw new MalformedAnswer('too many interim answers');
    this.#events.information(status);
  }

  /** Returns the head without the blank line; `null` if the blank line has not arrived. */
  #headText(bytes: Buffer, from: number): string | null {
    if (this.#begunLength === 0) {
      const end = bytes.indexOf(HEAD_END, from, 'latin1');
      if (end !== -1) return bytes.toString('latin1', from, end);
    }
    const piece = bytes.toString('latin1', from);
    const seam = this.#tail + piece;
    const end = seam.indexOf(HEAD_END);
    if (end !== -1) return (this.#begun.join('') + piece).slice(0, this.#begunLength - this.#tail.length + end);
    if (/[^\r]\n/.test(seam)) throw new MalformedAnswer('a line that does not end in CRLF');
    this.#begun.push(piece);
    const isStart = this.#begunLength < START.length;
    this.#begunLength += piece.length;
    this.#tail = seam.slice(1 - HEAD_END.length);
    if (this.#begunLength > LONGEST_HEAD) throw new MalformedAnswer('a head that is too long');
    if (isStart && !START.startsWith(this.#begun.join('').slice(0, START.length)))
      throw new MalformedAnswer('not HTTP');
    return null;
  }

  #begin(head: AnswerHead): void {
    const hasBody = !this.#isHead && head.status !== 204 && head.status !== 304;
    if (head.status === 204) head.length = null;
    this.#isSelfDelimiting = head.isPersistent && (!hasBody || head.length !== null);
    this.#remaining = head.length ?? 0;
    this.#events.head(head);
    if (!hasBody || head.length === 0) this.#complete(NOTHING);
    else if (head.isChunked) this.#part = 'chunk size';
    else this.#part = head.length === null ? 'until close' : 'sized';
  }

  #readSized(bytes: Buffer, from: number): void {
    const end = Math.min(bytes.length, from + this.#remaining);
    this.#remaining -= end - from;
    this.#hasExcess = end < bytes.length;
    const body = bytes.subarray(from, end);
    if (this.#remaining === 0) this.#complete(body);
    else this.#events.data(body);
  }

  #readChunks(bytes: Buffer, from: number): void {
    let at = from;
    /** Range of `bytes` into which the data of all chunks is moved. */
    let start = 0;
    let end = 0;
    while (at < bytes.length && this.#part !== 'complete') {
      if (this.#part === 'chunk') {
        const next = Math.min(bytes.length, at + this.#remaining);
        if (end === start) [start, end] = [at, next];
        else {
          bytes.copyWithin(end, at, next);
          end += next - at;
        }
        this.#remaining -= next - at;
        at = next;
        if (this.#remaining === 0) this.#part = 'chunk end';
        continue;
      }
      const lineEnd = bytes.indexOf(LINE_FEED, at);
      const line = this.#line(bytes, at, lineEnd);
      at = lineEnd === -1 ? bytes.length : lineEnd + 1;
      if (line !== null) this.#takeLine(line);
    }
    const body = bytes.subarray(start, end);
    if (this.#part === 'complete') {
      this.#hasExcess = at < bytes.length;
      this.#events.end(body, this.#trailers);
    } else if (body.length > 0) this.#events.data(body);
  }

  /** Returns the line without its line break; `null` if the line break has not arrived. */
  #line(bytes: Buffer, from: number, lineEnd: number): string | null {
    const end = lineEnd === -1 ? bytes.length : lineEnd + 1;
    this.#begunLength += end - from;
    const longest = this.#part === 'trailers' ? LONGEST_HEAD : LONGEST_CHUNK_LINE;
    if (this.#begunLength > longest) throw new MalformedAnswer('a line that is too long');
    if (lineEnd === -1) {
      this.#begun.push(bytes.toString('latin1', from));
      return null;
    }
    const isWhole = this.#begun.length === 0;
    if (isWhole && bytes[lineEnd - 1] === CARRIAGE_RETURN && lineEnd > from) {
      this.#begunLength = 0;
      return bytes.toString('latin1', from, lineEnd - 1);
    }
    const line = this.#begun.join('') + bytes.toString('latin1', from, end);
    this.#begun = [];
    this.#begunLength = 0;
    if (!line.endsWith('\r\n')) throw new MalformedAnswer('a line that does not end in CRLF');
    return line.slice(0, -2);
  }

  #takeLine(line: string): void {
    if (this.#part === 'chunk end') {
      if (line !== '') throw new MalformedAnswer('a chunk longer than its size');
      this.#part = 'chunk size';
    } else if (this.#part === 'chunk size') {
      const digits = CHUNK_LINE.exec(line)?.[1];
      if (digits === undefined) throw new MalformedAnswer('a chunk without a size');
      this.#remaining = Number.parseInt(digits, 16);
      this.#part = this.#remaining === 0 ? 'trailers' : 'chunk';
    } else if (line === '') this.#part = 'complete';
    else {
      this.#trailersLength += line.length + 2;
      if (this.#trailersLength > LONGEST_HEAD) throw new MalformedAnswer('too many trailers');
      this.#trailers.push(...parseField(line));
    }
  }

  #complete(body: Buffer): void {
    this.#part = 'complete';
    this.#events.end(body, this.#trailers);
  }
}
