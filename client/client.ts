import { streamAudit, type AuditFilter } from './audit-stream.ts';
import { streamChat, type ChatChunk, type ChatRequest } from './chat-stream.ts';
import { streamEvents, type EventsOptions } from './event-stream.ts';
import { followLog, type FollowLogsOptions } from './log-stream.ts';
import type { AuditRow, Frame, LogItem } from './models.ts';
import { Operations } from './operations.ts';
import type { CallOptions, ClientOptions, WebSocketConstructor } from './options.ts';
import { PLATFORM_TIMING, type Timing } from './timing.ts';
import { Transport, type Answer, type Request } from './transport.ts';

/** What {@link Client.request} takes beside method and path. */
export type RequestOptions = Omit<Request, 'method' | 'path' | 'token'>;

/**
 * A llamactl server. Each method is an operation of its API, of the same name; answers and bodies are as they go over the
 * wire. Every method rejects with a `LlamactlError` when the server refuses, a `ConnectionError` when it is not there, a
 * `ProtocolError` when something else answers, and with the signal's reason when it was aborted.
 */
export class Client extends Operations {
  readonly #transport: Transport;
  readonly #WebSocket: WebSocketConstructor | undefined;

  /**
   * @param options Or just the address.
   * @throws {TypeError} when the address is none
   */
  constructor(options: ClientOptions | string = {}, timing: Timing = PLATFORM_TIMING) {
    const given = typeof options === 'string' ? { url: options } : options;
    const transport = new Transport(given, timing);
    super(transport);
    this.#transport = transport;
    this.#WebSocket = given.WebSocket;
  }

  /** Where the server is, without a slash at its end. */
  get url(): string {
    return this.#transport.address;
  }

  /**
   * Any request, with the status and the headers of its answer: for an `ETag`, and for what has no method of its own.
   * Answers of a model, under `/v1`, may take as long as they take.
   *
   * @param path From the server's address on; the template tag `path` builds one of names.
   */
  request<Body>(method: string, path: string, options: RequestOptions = {}): Promise<Answer<Body>> {
    const verb = method.toUpperCase();
    const isPatient = verb === 'POST' && path.startsWith('/v1/');
    return this.#transport.json<Body>({ method: verb, path, isPatient, ...options });
  }

  /**
   * The log of an instance, a line at a time: the last lines, then all that come, over lost connections and restarts of
   * the server, with nothing missing and nothing twice. Lines that are gone are told as a gap. Ends when the instance is
   * deleted.
   */
  followLogs(name: string, options: FollowLogsOptions = {}): AsyncGenerator<LogItem, void, void> {
    return followLog(this.#transport, name, options);
  }

  /**
   * What happens, as it happens, over lost connections and restarts of the server, with nothing missing and nothing
   * twice. Events that are gone are told as a `gap`: then ask for the present.
   *
   * @throws {TypeError} on a platform without WebSocket, such as Node 20, when the client was given none
   */
  events(options: EventsOptions = {}): AsyncGenerator<Frame, void, void> {
    return streamEvents(this.#transport, this.#WebSocket ?? platformWebSocket(), options);
  }

  /** The audit trail, newest row first: all of it, a row at a time, where `getAudit` gives a page. */
  streamAudit(options: AuditFilter & CallOptions = {}): AsyncGenerator<AuditRow, void, void> {
    return streamAudit(this.#transport, options);
  }

  /**
   * The answer of a model, a piece at a time; nothing is asked before that is read. Whoever stops reading ends it at the
   * engine too. `request` gives an answer whole.
   *
   * @throws {TypeError} when `stream` is given, and not `true`
   * @throws {ConnectionError} when it ends before it is whole
   */
  chat(body: ChatRequest, call: CallOptions = {}): AsyncGenerator<ChatChunk, void, void> {
    return streamChat(this.#transport, body, call);
  }
}

function platformWebSocket(): WebSocketConstructor | undefined {
  return (globalThis as { WebSocket?: WebSocketConstructor }).WebSocket;
}
