import { type ServerResponse, STATUS_CODES } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { ApiError } from '@llamactl/contract/errors';
import type { FastifyBaseLogger } from 'fastify';
import type { Clock } from '../../instances/ports/time.ts';
import { errorAnswer, type ErrorShape } from '../errors.ts';
import { pathOf, requestId } from '../target.ts';
import { LONGEST_URL } from './admission.ts';
import { SMALL_CHUNKS, type UnreadBodies } from './connection-bounds.ts';

/** Node's error for a request that its parser refused. */
interface ParserError extends Error {
  code?: string;
  /** The bytes received when the parser refused the request: perhaps all of it, perhaps a piece from its middle. */
  rawPacket?: Buffer;
}

/** How long to read further bytes after a refused request, milliseconds. */
const LINGER_MS = 1_000;

interface ParserErrorsOptions {
  shapes: readonly ErrorShape[];
  clock: Clock;
  log: Pick<FastifyBaseLogger, 'info'>;
  unreadBodies: Pick<UnreadBodies, 'isOf'>;
  /** Returns further headers for an answer. Gets the path, as far as it is known, and the peer's address. */
  headersFor: (path: string, peer: string) => Readonly<Record<string, string>>;
}

/** Answers unreadable requests with the contract's error format, and closes the connection. */
export class ParserErrors {
  readonly #shapes: ParserErrorsOptions['shapes'];
  readonly #clock: Clock;
  readonly #log: ParserErrorsOptions['log'];
  readonly #unreadBodies: ParserErrorsOptions['unreadBodies'];
  readonly #headersFor: ParserErrorsOptions['headersFor'];

  constructor({ shapes, clock, log, unreadBodies, headersFor }: ParserErrorsOptions) {
    this.#shapes = shapes;
    this.#clock = clock;
    this.#log = log;
    this.#unreadBodies = unreadBodies;
    this.#headersFor = headersFor;
  }

  /** Handles `clientError`, whose error is a {@link ParserError}. */
  answer(refusal: Error, socket: Socket): void {
    const error = refusal as ParserError;
    const { _httpMessage: underWay } = socket as Socket & { _httpMessage?: ServerResponse | null };
    if (error.code === 'ECONNRESET' || !socket.writable) socket.destroy(error);
    else if (this.#unreadBodies.isOf(socket)) this.#end(socket);
    else if (underWay?.req.complete === true) {
      // An earlier request of the connection is still being answered; send its answer first.
      this.#stopParsing(socket);
      underWay.once('finish', () => this.answer(error, socket));
    } else if (underWay?.headersSent === true) {
      // An answer has already begun, so the error can only break it off.
      socket.destroy(error);
    } else this.send(socket, explained(error), error.rawPacket?.toString('latin1') ?? '');
  }

  /** @param head Known start of the request: its header may have a request id, and its path decides the error format */
  send(socket: Duplex, error: ApiError, head: string): void {
    const id = requestId(/\r?\nx-request-id:[ \t]*([^\r\n]*?)[ \t]*\r?\n/i.exec(head)?.[1]);
    const path = pathOf(/^[A-Z-]+ (\S+)/.exec(head)?.[1] ?? '');
    const { status, headers, body } = errorAnswer(error, { id, path }, this.#shapes);
    this.#log.info({ request_id: id, status, reason: error.extras.details ?? '' }, 'unreadable request refused');
    const peer = socket instanceof Socket ? (socket.remoteAddress ?? '') : '';
    const counted = this.#headersFor(path, peer);
    const fields = { ...headers, ...counted, 'content-length': String(Buffer.byteLength(body)), connection: 'close' };
    const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
    this.#end(socket, `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Error'}\r\n${lines.join('')}\r\n${body}`);
  }

  #end(socket: Duplex, answer = ''): void {
    socket.end(answer);
    // Closing a socket with unread bytes resets the connection. A caller that is still sending would see the reset
    // instead of the answer.
    this.#stopParsing(socket);
    const cancel = this.#clock.after(LINGER_MS, () => socket.destroy());
    socket.once('close', cancel).once('end', () => socket.destroy());
  }

  /** Drops further bytes, because the parser would report an error for each. */
  #stopParsing(socket: Duplex): void {
    socket.removeAllListeners('data').on('data', () => undefined);
  }
}

function explained(error: ParserError): ApiError {
  switch (error.code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return refused('The request did not arrive completely in time.', { status: 408 });
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

/** The parser's own message, such as `Content-Length can't be present with Transfer-Encoding`. */
function reasonOf({ message, code = '' }: ParserError): string {
  return code.startsWith('HPE_') ? message.replace(/^Parse Error(?:: ?)?/, '') : '';
}

/**
 * Whether the URL alone exceeded the limit, which the parser applies to URL and header together. True if the refused
 * packet begins with a long request line. A URL that arrived in many pieces cannot be distinguished from a header.
 */
function isUrlTooLong(packet: Buffer | undefined): boolean {
  const [line = ''] = (packet?.toString('latin1') ?? '').split('\n', 1);
  return /^[A-Z-]+ \S/.test(line) && line.length > LONGEST_URL;
}
