/** Credentials: a token of a log-in or a key, or a function that returns one; `null` or `undefined`: no credentials. */
export type Token = string | (() => Given | Promise<Given>);
type Given = string | null | undefined;

/** The part of a WebSocket that the client uses. Browsers, Node from version 22 and the package `ws` have it. */
export interface WebSocketLike {
  close(code?: number, reason?: string): void;
  send(text: string): void;
  addEventListener(type: 'open' | 'error', listener: () => void): void;
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void;
  addEventListener(type: 'close', listener: (event: { readonly code: number; readonly reason: string }) => void): void;
}

/** Creates a WebSocket to a URL and offers subprotocols. */
export type WebSocketConstructor = new (url: string, protocols: string[]) => WebSocketLike;

/** Options of a {@link Client}. */
export interface ClientOptions {
  /**
   * Address of the server, including its `base_path` if it has one. Default `http://127.0.0.1:8080`. The client removes
   * `/api` at its end; if the `base_path` ends with `/api`, write it twice: `https://example.org/api/api`.
   */
  url?: string | undefined;
  /**
   * Sent as `Authorization: Bearer`. A function is called before every request, and once more if the server refuses its
   * token. The request throws the errors of the function.
   */
  token?: Token | undefined;
  /** Default: the platform's. */
  fetch?: typeof globalThis.fetch | undefined;
  /** Default: the platform's. Node 20 has none; for `events`, pass one there, such as the one of the package `ws`. */
  WebSocket?: WebSocketConstructor | undefined;
  /**
   * Timeout in seconds for one attempt of a request, or until a stream begins. Default 60; 0: no timeout. It does not
   * apply to calls with `wait` or to answers of a model.
   */
  timeout?: number | undefined;
  /** Most retries of a request. The client retries only if that cannot do something twice. Default 2. */
  retries?: number | undefined;
  /**
   * Most seconds that a request waits for rate limits in all: for each refusal with 429 as long as its `Retry-After` says.
   * These waits are no retries. Requests with `retries: 0` never wait. Default 0: a 429 is retried like other failures.
   */
  rateLimitWait?: number | undefined;
  /** Called before each wait for a retry, with the error of the failed attempt and the seconds of the wait. */
  onRetry?: ((retry: { error: unknown; delay: number }) => void) | undefined;
  /** Sent with every HTTP request. */
  headers?: Readonly<Record<string, string>> | undefined;
}

/** Options of every call. */
export interface CallOptions {
  /** Aborts the call, which then rejects with the signal's reason. The server continues work that it has begun. */
  signal?: AbortSignal | undefined;
  /** Overrides the client's `timeout`; also applies to a call with `wait`. */
  timeout?: number | undefined;
  /** Overrides the client's `retries`. */
  retries?: number | undefined;
}

/** Options of an answer of a model. */
export interface ChatOptions extends CallOptions {
  /** Sent as `X-Request-Id`, under which `listRequests` has the request. Default: llamactl chooses one. */
  requestId?: string | undefined;
}

/** A lost connection of a stream, which the client will resume at the same position. */
export interface Interruption {
  /** Why the connection was lost. */
  error: Error;
  /** Number of failures since the last item arrived. */
  attempt: number;
  /** Seconds until the next attempt. */
  delay: number;
}

/** Options of streams that resume. */
export interface StreamOptions {
  /** Ends the stream, which then throws the signal's reason. */
  signal?: AbortSignal | undefined;
  /**
   * Called for the first and every later connection, before anything comes over it. From then on, nothing is missed. To
   * keep a copy of the state up to date, request the current state here.
   */
  onOpen?: (() => void) | undefined;
  /** Called whenever the connection is lost. Streams resume without limit; abort the signal to stop. */
  onInterruption?: ((interruption: Interruption) => void) | undefined;
}
