import type { ServerResponse } from 'node:http';
import { ApiError } from '@llamactl/contract/errors';
import type { Clock } from '../instances/ports/time.ts';
import type { Dialect } from './dialects.ts';
import { isEventStream, type RawHeaders } from './headers.ts';

interface HeldStreamOptions {
  response: ServerResponse;
  /** Headers that llamactl sends with every answer. */
  headers: RawHeaders;
  requestId: string;
  /** The API of the request, which decides the form of an error. */
  dialect: Dialect;
  clock: Pick<Clock, 'after'>;
  /** The setting `gateway.loading_keepalive`: seconds between two comments. */
  seconds: number;
}

const HEAD = [
  ['X-Llamactl-Source', 'llamactl'],
  ['Content-Type', 'text/event-stream; charset=utf-8'],
  ['X-Content-Type-Options', 'nosniff'],
  ['Cache-Control', 'no-store'],
  ['X-Accel-Buffering', 'no'],
].flat();
/** A comment in an event stream: every client skips it. */
const SIGN_OF_LIFE = ': the model is not ready yet\n\n';
/** The largest error body of an engine that is passed on, in bytes. */
const LONGEST_ERROR = 65_536;

/**
 * A streamed answer that waits for its engine. Proxies close a connection that is silent for a minute, but a model may
 * load for longer, so the answer begins with comments. From then on its status is 200. Any later error, of llamactl or
 * of the engine, is sent as one last event.
 */
export class HeldStream {
  readonly #response: ServerResponse;
  readonly #headers: RawHeaders;
  readonly #requestId: string;
  readonly #dialect: Dialect;
  readonly #clock: Pick<Clock, 'after'>;
  readonly #milliseconds: number;
  #cancel: (() => void) | null = null;
  #hasBegun = false;
  readonly #collected: Buffer[] = [];
  #size = 0;

  constructor({ response, headers, requestId, dialect, clock, seconds }: HeldStreamOptions) {
    this.#response = response;
    this.#headers = headers;
    this.#requestId = requestId;
    this.#dialect = dialect;
    this.#clock = clock;
    this.#milliseconds = seconds * 1_000;
  }

  /** Whether the head of the answer was sent, so that errors can only be sent as events. */
  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  /** Starts the timer for comments, because the request waits. */
  waits(): void {
    this.#cancel ??= this.#clock.after(this.#milliseconds, () => this.#live());
  }

  /** Stops the timer, because the request waits no longer. */
  stop(): void {
    this.#cancel?.();
    this.#cancel = null;
  }

  /** Sends an error as an event, and ends the answer. */
  fail(error: unknown): void {
    this.stop();
    const known =
      error instanceof ApiError ? error : new ApiError('INTERNAL_ERROR', 'Something went wrong inside llamactl.');
    this.#response.end(this.#event(JSON.stringify(this.#dialect.render(known, this.#requestId).body)));
  }

  /** Whether the body of an engine's answer can continue this stream. Otherwise, pass that body to `collect`. */
  accepts(status: number, rawHeaders: RawHeaders): boolean {
    return status < 400 && isEventStream(rawHeaders);
  }

  /** Keeps a part of a body that is not an event stream. */
  collect(bytes: Buffer): void {
    this.#size += bytes.byteLength;
    if (this.#size <= LONGEST_ERROR) this.#collected.push(Buffer.from(bytes));
  }

  /** Sends the collected body as one event, and ends the answer. */
  end(): void {
    // JSON strings contain no raw line breaks, so all line breaks are white space.
    const text = Buffer.concat(this.#collected)
      .toString('utf8')
      .replaceAll(/[\r\n]+/g, ' ')
      .trim();
    this.#response.end(this.#event(isJson(text) ? text : JSON.stringify({ error: { message: text } })));
  }

  #live(): void {
    const response = this.#response;
    if (response.destroyed || response.writableEnded) return;
    if (!this.#hasBegun) {
      this.#hasBegun = true;
      response.writeHead(200, [...this.#headers, ...HEAD]);
    }
    response.write(SIGN_OF_LIFE);
    this.#cancel = this.#clock.after(this.#milliseconds, () => this.#live());
  }

  #event(data: string): string {
    const event = this.#dialect.errorEvent;
    return `${event === null ? '' : `event: ${event}\n`}data: ${data}\n\n`;
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}
