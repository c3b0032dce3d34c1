/** The head of an engine's answer, without the interim ones (1xx) before it. */
export interface AnswerHead {
  status: number;
  /** What follows the status; may be empty. */
  phrase: string;
  /** Name, value, name, value, …; order, case and duplicates kept. */
  rawHeaders: string[];
  /** `Content-Length`, or `null`. */
  length: number | null;
  isChunked: boolean;
  /** The engine has not said that it closes the connection behind this answer. */
  isPersistent: boolean;
}

/** An answer that is not HTTP/1.1, or leaves open where it ends. */
export class MalformedAnswer extends Error {
  override readonly name = 'MalformedAnswer';
}

const STATUS_LINE = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: (.*))?$/;
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const FORBIDDEN = /[^\t\x20-\x7e\x80-\xff]/;
const DIGITS = /^\d{1,15}$/;

/**
 * Reads a head as strictly as a proxy must, whose reading decides where the next answer on the connection begins.
 *
 * @param text From the status line to the last header, one byte a character; the blank line is not part of it.
 * @throws {MalformedAnswer}
 */
export function parseHead(text: string): AnswerHead {
  const [statusLine = '', ...lines] = text.split('\r\n');
  const [, minor, status, phrase = ''] = STATUS_LINE.exec(statusLine) ?? [];
  if (status === undefined || FORBIDDEN.test(phrase)) throw new MalformedAnswer('no status line');
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
    // lengths first: most names differ in it from all three
    if (name.length === 14) readLength(head, name, value);
    else if (name.length === 17) readEncoding(head, name, value);
    else if (name.length === 10) readConnection(head, name, value);
  }
  if (head.isChunked && head.length !== null) throw new MalformedAnswer('two lengths');
  return head;
}

/** One header or trailer. @throws {MalformedAnswer} also for a line that goes on with the one before */
export function parseField(line: string): [name: string, value: string] {
  const colon = line.indexOf(':');
  const name = line.slice(0, Math.max(colon, 0));
  const value = line.slice(colon + 1).trim();
  if (!TOKEN.test(name) || FORBIDDEN.test(value)) throw new MalformedAnswer('a header that is none');
  return [name, value];
}

function readLength(head: AnswerHead, name: string, value: string): void {
  if (name.toLowerCase() !== 'content-length') return;
  if (head.length !== null || !DIGITS.test(value)) throw new MalformedAnswer('a length that is none');
  head.length = Number(value);
}

function readEncoding(head: AnswerHead, name: string, value: string): void {
  if (name.toLowerCase() !== 'transfer-encoding') return;
  if (head.isChunked || value.toLowerCase() !== 'chunked') throw new MalformedAnswer('an encoding that is not chunked');
  head.isChunked = true;
}

function readConnection(head: AnswerHead, name: string, value: string): void {
  if (name.toLowerCase() !== 'connection') return;
  if (value.split(',').some((option) => option.trim().toLowerCase() === 'close')) head.isPersistent = false;
}
