import type { IncomingMessage } from 'node:http';
import type { ByteRange } from './byte-ranges.ts';
import { RemoteRefusal } from './remote-reader.ts';

/** An answer after which the same request may succeed later. */
export class TryLater extends Error {
  override readonly name = 'TryLater';
  /** Milliseconds that the server wants to be left alone; `null`: it names none. */
  readonly pauseMs: number | null;

  constructor(message: string, pauseMs: number | null) {
    super(message);
    this.pauseMs = pauseMs;
  }
}

/** The server sends the whole file, although a part was asked for. */
export class RangeIgnored extends Error {
  override readonly name = 'RangeIgnored';
}

/** The server refuses the credentials, or wants some. */
export class Denied extends RemoteRefusal {}

/** Longest wait that a server can impose. */
const LONGEST_PAUSE_MS = 3_600_000;
/** Statuses that pass, as other clients see them: timeouts, limits, and faults of the server. */
const PASSING = new Set([408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524]);

/**
 * Judges the head of an answer to a request for a part of a file.
 *
 * @param host For messages.
 * @param size Of the whole file, as the hub announced it.
 * @param now Milliseconds since the epoch.
 * @throws {RangeIgnored} it has the whole file
 * @throws {TryLater} the server is busy or has a fault
 * @throws {RemoteRefusal} no retry helps: it refuses, or contradicts the announcement
 */
export function checkPart(answer: IncomingMessage, wanted: ByteRange, host: string, size: number, now: number): void {
  checkStatus(answer, host, now);
  if (answer.statusCode === 200) throw new RangeIgnored(`${host} sends whole files only`);
  const [, from, to, total] = /^bytes (\d+)-(\d+)\/(\d+|\*)$/i.exec(answer.headers['content-range'] ?? '') ?? [];
  if (from === undefined || to === undefined)
    throw new TryLater(`${host} does not say which part of the file it sends`, null);
  if (total !== '*' && Number(total) !== size)
    throw new RemoteRefusal(`${host} says that the file has ${total} bytes, but it was announced with ${size}.`);
  if (Number(from) !== wanted.from || Number(to) >= wanted.to)
    throw new TryLater(`${host} sends another part of the file than it was asked for`, null);
}

/** Judges the head of an answer to a request for a whole file. Throws like {@link checkPart}. */
export function checkWhole(answer: IncomingMessage, host: string, size: number, now: number): void {
  checkStatus(answer, host, now);
  const length = answer.headers['content-length'];
  if (answer.statusCode !== 200)
    throw new TryLater(`${host} answers ${answer.statusCode} to a request for the file`, null);
  if (length !== undefined && Number(length) !== size)
    throw new RemoteRefusal(`${host} sends ${length} bytes, but the file was announced with ${size}.`);
}

function checkStatus({ statusCode = 0, headers }: IncomingMessage, host: string, now: number): void {
  if (PASSING.has(statusCode)) {
    const why = statusCode === 429 ? 'limits how often it is asked' : 'is busy or has a fault';
    throw new TryLater(`${host} ${why} (status ${statusCode})`, pauseOf(headers, now));
  }
  if (statusCode === 401 || statusCode === 403)
    throw new Denied(`${host} does not give this file to this token, or without one (status ${statusCode}).`);
  if (statusCode === 404 || statusCode === 410)
    throw new RemoteRefusal(`${host} does not have this file any more (status ${statusCode}).`);
  if (statusCode === 416) throw new RemoteRefusal(`${host} says that the file is shorter than it was announced.`);
  if (statusCode !== 200 && statusCode !== 206) throw new RemoteRefusal(`${host} answers status ${statusCode}.`);
  const encoding = headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity') throw new RemoteRefusal(`${host} sends the file in another encoding (${encoding}).`);
}

/** `Retry-After` in seconds or as a date, or `t=` of `RateLimit`, as the Hugging Face hub sends it. */
function pauseOf(headers: IncomingMessage['headers'], now: number): number | null {
  const after = headers['retry-after'];
  const [, reset] = /\bt=(\d+)/.exec(String(headers['ratelimit'] ?? '')) ?? [];
  const written = after ?? reset;
  if (written === undefined) return null;
  const pause = /^\d+$/.test(written) ? Number(written) * 1_000 : Date.parse(written) - now;
  return Number.isFinite(pause) ? Math.min(Math.max(pause, 0), LONGEST_PAUSE_MS) : null;
}

/** The strong entity tag of an answer; `null`: it has none that proves equal bytes. */
export function strongTag({ headers: { etag } }: IncomingMessage): string | null {
  return etag !== undefined && /^"[^"]*"$/.test(etag) ? etag : null;
}
