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
