import { STATUS_CODES, type ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { ApiError } from '@llamactl/contract/errors';
import type { FastifyBaseLogger } from 'fastify';
import type { Clock } from '../../instances/ports.ts';
import { LONGEST_URL } from './admission.ts';
import { SMALL_CHUNKS } from './connection-bounds.ts';
import { errorAnswer, type ErrorShape } from '../errors.ts';
import { requestId } from '../request-id.ts';
import { pathOf } from '../target.ts';
import type { UnreadBodies } from './unread-bodies.ts';

/** What Node knows about a request that its parser refused. */
interface ParserError extends Error {
  code?: string;
  /** What had come when it was refused: perhaps all of the request, perhaps a piece from its middle. */
  rawPacket?: Buffer;
}

/** How long bytes behind a refused request are still read, milliseconds. */
const LINGER_MS = 1_000;

export interface ParserErrorsParts {
  shapes: readonly ErrorShape[];
  clock: Clock;
  log: Pick<FastifyBaseLogger, 'info'>;
  unreadBodies: Pick<UnreadBodies, 'isOf'>;
  /** What else an answer says about who asked; told the path, where it is known, and the peer's address. */
  headersFor: (path: string, peer: string) => Readonly<Record<string, string>>;
}

/** Answers in the contract's shape what never became a request, and ends the connection. */
export class ParserErrors {
  readonly #parts: ParserErrorsParts;

  constructor(parts: ParserErrorsParts) {
    this.#parts = parts;
  }

  /** For `clientError`; what Node puts on the error is a {@link ParserError}. */
  answer(refusal: Error, socket: Socket): void {
    const error = refusal as ParserError;
    const { _httpMessage: underWay } = socket as Socket & { _httpMessage?: ServerResponse | null };
    if (error.code === 'ECONNRESET' || !socket.writable) socket.destroy(error);
    else if (this.#parts.unreadBodies.isOf(socket)) this.#end(socket);
    else if (underWay?.req.complete === true) {
      // A good request before this one is still being answered: its answer comes first.
      this.#stopParsing(socket);
      underWay.once('finish', () => this.answer(error, socket));
    } else if (underWay?.headersSent === true) {
      // Into an answer that has begun nothing can be said any more; that it breaks off says it.
      socket.destroy(error);
    } else this.send(socket, explained(error), error.rawPacket?.toString('latin1') ?? '');
  }

  /** @param head What is known of the request's line and header: they may hold its id, and its path decides the shape. */
  send(socket: Duplex, error: ApiError, head: string): void {
    const { shapes, log, headersFor } = this.#parts;
    const id = requestId(/\r?\nx-request-id:[ \t]*([^\r\n]*?)[ \t]*\r?\n/i.exec(head)?.[1]);
    const path = pathOf(/^[A-Z-]+ (\S+)/.exec(head)?.[1] ?? '');
    const { status, headers, body } = errorAnswer(error, { id, path }, shapes);
    log.info({ request_id: id, status, reason: error.extras.details ?? '' }, 'no request');
    const peer = socket instanceof Socket ? (socket.remoteAddress ?? '') : '';
    const counted = headersFor(path, peer);
    const fields = { ...headers, ...counted, 'content-length': String(Buffer.byteLength(body)), connection: 'close' };
    const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
    this.#end(socket, `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Error'}\r\n${lines.join('')}\r\n${body}`);
  }

  #end(socket: Duplex, lastWords = ''): void {
    socket.end(lastWords);
    // Closing under bytes that nobody has read resets the connection, and a caller that is still sending would see that
    // instead of the answer.
    this.#stopParsing(socket);
    const cancel = this.#parts.clock.after(LINGER_MS, () => socket.destroy());
    socket.once('close', cancel).once('end', () => socket.destroy());
  }

  /** Drops what still comes: the parser would complain about every further byte. */
  #stopParsing(socket: Duplex): void {
    socket.removeAllListeners('data').on('data', () => undefined);
  }
}

function explained(error: ParserError): ApiError {
  switch (error.code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return refused('The request did not come whole in time.', { status: 408 });
    case 'HPE_HEADER_OVERFLOW':
      return isUrlTooLong(error.rawPacket)
        ? new ApiError('URI_TOO_LONG', `The URL is longer than ${LONGEST_URL} bytes.`)
        : new ApiError('PAYLOAD_TOO_LARGE', 'URL and header together are larger than 16 KiB.', { status: 431 });
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return new ApiError('PAYLOAD_TOO_LARGE', 'The chunk extensions of the body are too large.');
    case SMALL_CHUNKS:
      return refused(
        'The body comes in too many small chunks: beyond 4096 of them they need more than 64 bytes on average.',
        {},
      );
    default:
      return refused('This is not a well-formed HTTP/1.1 request.', { details: reasonOf(error) });
  }
}

function refused(sentence: string, extras: { status?: number; details?: string }): ApiError {
  return new ApiError('VALIDATION_ERROR', sentence, { problems: [{ path: '', message: sentence }], ...extras });
}

/** The parser's own words, such as `Content-Length can't be present with Transfer-Encoding`. */
function reasonOf({ message, code = '' }: ParserError): string {
  return code.startsWith('HPE_') ? message.replace(/^Parse Error(?:: ?)?/, '') : '';
}

/**
 * The parser counts URL and header together. When the packet in which it gave up begins a request with a long line, the
 * URL alone was too much; a URL that came in many pieces cannot be told from a header.
 */
function isUrlTooLong(packet: Buffer | undefined): boolean {
  const [line = ''] = (packet?.toString('latin1') ?? '').split('\n', 1);
  return /^[A-Z-]+ \S/.test(line) && line.length > LONGEST_URL;
}
