import type { ServerResponse } from 'node:http';
import { ApiError } from '@llamactl/contract/errors';
import type { Clock } from '../instances/ports.ts';
import { GATEWAY_ERROR_SHAPES, shapeFor, type GatewayErrorShape } from './error-shape.ts';
import { isEventStream, type RawHeaders } from './headers.ts';
import { pathOnly } from './path-only.ts';

export interface HeldStreamParts {
  response: ServerResponse;
  /** What we say with every answer. */
  headers: RawHeaders;
  requestId: string;
  /** Path and query of the request: its API decides how an error looks. */
  path: string;
  clock: Pick<Clock, 'after'>;
  /** `gateway.loading_keepalive`: seconds between two signs of life. */
  seconds: number;
}

const HEAD = [
  ['X-Llamactl-Source', 'llamactl'],
  ['Content-Type', 'text/event-stream; charset=utf-8'],
  ['X-Content-Type-Options', 'nosniff'],
  ['Cache-Control', 'no-store'],
  ['X-Accel-Buffering', 'no'],
].flat();
/** A comment of a stream of events: every client skips it. */
const SIGN_OF_LIFE = ': the model is not ready yet\n\n';
/** An error is a sentence; what is longer is cut off. */
const LONGEST_ERROR = 65_536;

/**
 * An answer in events for which an engine is not there yet. Proxies give up on a connection that is silent for a minute,
 * and a model may load for longer: so the answer begins, with comments. From then on its status is 200, and whatever goes
 * wrong, with us or the engine, is one event and the end.
 */
export class HeldStream {
  readonly #parts: HeldStreamParts;
  #cancel: (() => void) | null = null;
  #hasBegun = false;
  readonly #collected: Buffer[] = [];
  #size = 0;

  constructor(parts: HeldStreamParts) {
    this.#parts = parts;
  }

  /** The head of the answer is out: nothing but events can be said any more. */
  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  /** The request has to wait from now on. */
  waits(): void {
    this.#cancel ??= this.#parts.clock.after(this.#parts.seconds * 1_000, () => this.#live());
  }

  /** It waits no more. */
  stop(): void {
    this.#cancel?.();
    this.#cancel = null;
  }

  /** What went wrong, and the end. */
  fail(error: unknown): void {
    this.stop();
    const known =
      error instanceof ApiError ? error : new ApiError('INTERNAL_ERROR', 'Something went wrong inside llamactl.');
    const { requestId, response } = this.#parts;
    response.end(this.#event(JSON.stringify(this.#shape?.render(known, requestId).body)));
  }

  /** An engine answers. @returns whether its body goes on with this stream; else it is to be collected. */
  accepts(status: number, rawHeaders: RawHeaders): boolean {
    return status < 400 && isEventStream(rawHeaders);
  }

  /** A part of a body that is no stream. */
  collect(bytes: Buffer): void {
    this.#size += bytes.byteLength;
    if (this.#size <= LONGEST_ERROR) this.#collected.push(Buffer.from(bytes));
  }

  /** What was collected is one event, and the end. */
  end(): void {
    // A line feed cannot stand within a string of JSON: it is space.
    const text = Buffer.concat(this.#collected)
      .toString('utf8')
      .replaceAll(/[\r\n]+/g, ' ')
      .trim();
    this.#parts.response.end(this.#event(isJson(text) ? text : JSON.stringify({ error: { message: text } })));
  }

  #live(): void {
    const { response, headers, clock, seconds } = this.#parts;
    if (response.destroyed || response.writableEnded) return;
    if (!this.#hasBegun) {
      this.#hasBegun = true;
      response.writeHead(200, [...headers, ...HEAD]);
    }
    response.write(SIGN_OF_LIFE);
    this.#cancel = clock.after(seconds * 1_000, () => this.#live());
  }

  get #shape(): GatewayErrorShape | undefined {
    return shapeFor(pathOnly(this.#parts.path), GATEWAY_ERROR_SHAPES);
  }

  #event(data: string): string {
    const event = this.#shape?.event ?? null;
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
