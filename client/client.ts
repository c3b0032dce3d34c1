import type { AuditFilter } from './audit-filter.ts';
import { streamAudit } from './audit-stream.ts';
import { streamChat, type ChatChunk, type ChatRequest } from './chat-stream.ts';
import { streamEvents, type EventsOptions, type EventStream } from './event-stream.ts';
import { followLog, type FollowLogsOptions } from './log-stream.ts';
import type { AuditRow, LogItem } from './models.ts';
import { Operations } from './operations.ts';
import type { CallOptions, ChatOptions, ClientOptions, WebSocketConstructor } from './options.ts';
import { PLATFORM_TIMING, type Timing } from './timing.ts';
import { Transport, type Answer, type Request } from './transport.ts';

/** Options of {@link Client.request}. */
export type RequestOptions = Omit<Request, 'method' | 'path' | 'token'>;

/**
 * A client of one llamactl server. Each method is the operation of the API with the same name, and returns the answer of
 * the API unchanged. Every method rejects with:
 *
 * - a `LlamactlError` if the server answers with an error
 * - a `ConnectionError` if the server cannot be reached
 * - a `ProtocolError` if another program answers
 * - the signal's reason if the signal is aborted
 */
export class Client extends Operations {
  readonly #transport: Transport;
  readonly #WebSocket: WebSocketConstructor | undefined;

  /**
   * @param options The options, or only the address.
   * @throws {TypeError} If the address is invalid.
   */
  constructor(options: ClientOptions | string = {}, timing: Timing = PLATFORM_TIMING) {
    const given = typeof options === 'string' ? { url: options } : options;
    const transport = new Transport(given, timing);
    super(transport);
    this.#transport = transport;
    this.#WebSocket = given.WebSocket;
  }

  /** The address of the server, without a slash at its end. */
  get url(): string {
    return this.#transport.address;
  }

  /**
   * Sends any request and returns status, headers and body. Use it for an `ETag`, and for paths without a method. A POST
   * under `/v1`, such as a request to a model, has no timeout.
   *
   * @param path The path after the server's address. The template tag `path` encodes names in it.
   */
  request<Body>(method: string, path: string, options: RequestOptions = {}): Promise<Answer<Body>> {
    return this.#transport.json<Body>(requestOf(method, path, options));
  }

  /** Like {@link request}, but returns the bytes of the answer, such as speech or a picture. */
  requestBlob(method: string, path: string, options: RequestOptions = {}): Promise<Answer<Blob>> {
    return this.#transport.blob(requestOf(method, path, options));
  }

  /**
   * Yields the log of an instance: the last lines, then new ones. The stream resumes after lost connections and restarts
   * of the server, without missing or repeated lines. Lines that are no longer kept appear as a gap. The stream ends when
   * the instance is deleted.
   */
  followLogs(name: string, options: FollowLogsOptions = {}): AsyncGenerator<LogItem, void, void> {
    return followLog(this.#transport, name, options);
  }

  /**
   * Yields events as they happen. The stream resumes after lost connections and restarts of the server, without missing
   * or repeated events. Events that are no longer kept appear as a `gap`: request the current state then. `subscribe` of
   * the result changes which events come, without a new connection.
   *
   * @throws {TypeError} If the platform, such as Node 20, has no WebSocket and the client got none.
   */
  events(options: EventsOptions = {}): EventStream {
    return streamEvents(this.#transport, this.#WebSocket ?? platformWebSocket(), options);
  }

  /** Yields the whole audit trail, newest row first. `getAudit` returns one page of it. */
  streamAudit(options: AuditFilter & CallOptions = {}): AsyncGenerator<AuditRow, void, void> {
    return streamAudit(this.#transport, options);
  }

  /**
   * Yields the answer of a model in chunks. The request is sent when the first chunk is read. Leaving the loop also ends
   * the answer at the engine. Use `request` for one complete answer.
   *
   * @throws {TypeError} If `stream` is given and not `true`.
   * @throws {ConnectionError} If the answer is incomplete.
   */
  chat(body: ChatRequest, call: ChatOptions = {}): AsyncGenerator<ChatChunk, void, void> {
    return streamChat(this.#transport, body, call);
  }
}

function requestOf(method: string, path: string, options: RequestOptions): Request {
  const verb = method.toUpperCase();
  return { method: verb, path, isPatient: verb === 'POST' && path.startsWith('/v1/'), ...options };
}

function platformWebSocket(): WebSocketConstructor | undefined {
  return (globalThis as { WebSocket?: WebSocketConstructor }).WebSocket;
}
