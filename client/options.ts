/** Credentials: a token of a login or a key, or what gives one whenever one is needed; `null`, or nothing: none. */
export type Token = string | (() => Given | Promise<Given>);
type Given = string | null | undefined;

/** As much of a WebSocket as is used here: that of browsers, of Node from version 22, and of the package `ws`. */
export interface WebSocketLike {
  close(code?: number, reason?: string): void;
  send(text: string): void;
  addEventListener(type: 'open' | 'error', listener: () => void): void;
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void;
  addEventListener(type: 'close', listener: (event: { readonly code: number; readonly reason: string }) => void): void;
}

/** What makes a WebSocket to an address, with the subprotocols that are offered. */
export type WebSocketConstructor = new (url: string, protocols: string[]) => WebSocketLike;

/** How a {@link Client} is made; everything may be left out. */
export interface ClientOptions {
  /**
   * Of the server, with its `base_path` if it has one. Default `http://127.0.0.1:8080`. `/api` at its end is taken for
   * that of the API: of a server whose `base_path` ends so it is given twice, `https://example.org/api/api`.
   */
  url?: string | undefined;
  /**
   * Sent as `Authorization: Bearer`. A function is asked before every request, and once more when it gave a stale one;
   * what it throws is thrown by the request.
   */
  token?: Token | undefined;
  /** Default: the platform's. */
  fetch?: typeof globalThis.fetch | undefined;
  /** Default: the platform's. Node 20 has none: there `events` needs one, such as that of the package `ws`. */
  WebSocket?: WebSocketConstructor | undefined;
  /**
   * Seconds that one try of a request may take; of a stream, until it begins. Default 60; 0: for ever. Calls with
   * `wait`, and answers of a model, are not bounded by it.
   */
  timeout?: number | undefined;
  /** How often a request is sent again, if that cannot do twice what is asked. Default 2. */
  retries?: number | undefined;
  /** Sent with every HTTP request. */
  headers?: Readonly<Record<string, string>> | undefined;
}

/** What every call takes. */
export interface CallOptions {
  /** Ends the call, which then rejects with the signal's reason. What the server has begun goes on. */
  signal?: AbortSignal | undefined;
  /** Instead of the client's; bounds a call with `wait` too. */
  timeout?: number | undefined;
  /** Instead of the client's. */
  retries?: number | undefined;
}

/** A stream was broken, and will be resumed where it was. */
export interface Interruption {
  /** What ended it. */
  error: Error;
  /** How often it was tried to resume it since something came last. */
  attempt: number;
  /** Seconds until the next try. */
  delay: number;
}

/** What streams that resume take. */
export interface StreamOptions {
  /** Ends the stream, which then throws the signal's reason. */
  signal?: AbortSignal | undefined;
  /**
   * Told each time that the connection stands, first and again, before anything comes over it: from now on nothing is
   * missed. Whoever keeps something true by a stream asks for the present then.
   */
  onOpen?: (() => void) | undefined;
  /** Told whenever the connection is lost. Streams resume for ever: whoever does not want that aborts. */
  onInterruption?: ((interruption: Interruption) => void) | undefined;
}
