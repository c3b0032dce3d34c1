/** A request, as it was given to `fetch`. */
export interface SentRequest {
  method: string;
  /** Path and query. */
  target: string;
  headers: Headers;
  body: string | null;
  redirect: string | undefined;
}

/** What a request is answered with: an answer, no answer, or whatever a function makes of it. */
export type Reply = Response | Error | ((request: SentRequest, signal: AbortSignal) => Response | Promise<Response>);

/** A `fetch` that answers what it was told to, in order, and keeps what it was asked. */
export class ScriptedFetch {
  readonly requests: SentRequest[] = [];
  readonly #replies: Reply[];

  constructor(...replies: Reply[]) {
    this.#replies = replies;
  }

  add(...replies: Reply[]): void {
    this.#replies.push(...replies);
  }

  /** The targets of all requests so far. */
  get targets(): string[] {
    return this.requests.map(({ method, target }) => `${method} ${target}`);
  }

  readonly fetch: typeof globalThis.fetch = async (input, init) => {
    const { pathname, search } = new URL(input instanceof Request ? input.url : input);
    const { method = 'GET', headers, body, signal, redirect } = init ?? {};
    const request = {
      method,
      target: pathname + search,
      headers: new Headers(headers),
      body: typeof body === 'string' ? body : null,
      redirect,
    };
    this.requests.push(request);
    const reply = this.#replies.shift();
    if (reply === undefined) throw new Error(`nothing is left to answer ${method} ${request.target} with`);
    if (reply instanceof Error) throw reply;
    return typeof reply === 'function' ? reply(request, signal ?? new AbortController().signal) : reply;
  };
}

/** An answer in JSON. */
export function answer(body: unknown, status = 200, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json', ...headers } });
}

/** An answer of llamactl's that is an error. */
export function refusal(status: number, code: string, headers: Record<string, string> = {}): Response {
  return answer({ error: `about ${code}`, code, details: '', request_id: 'r-1' }, status, headers);
}

/** What Node's `fetch` throws when there is no connection. */
export function noConnection(code: string): Error {
  return new TypeError('fetch failed', { cause: Object.assign(new Error(code), { code }) });
}

/** Never answers; ends as `fetch` does when its signal is aborted. */
export const silence: Reply = (_request, signal) =>
  new Promise((_resolve, reject) => {
    const end = (): void => reject(signal.reason as Error);
    if (signal.aborted) end();
    else signal.addEventListener('abort', end);
  });

/** A stream of events, piece by piece; an error breaks it, `null` leaves it open. */
export function eventStream(...pieces: (string | Error | null)[]): Reply {
  return (_request, signal) => {
    const encoder = new TextEncoder();
    const left = [...pieces];
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => signal.addEventListener('abort', () => controller.error(signal.reason)),
      pull: (controller) => {
        const piece = left.shift();
        if (piece === undefined) controller.close();
        else if (piece === null) left.unshift(null);
        else if (piece instanceof Error) controller.error(piece);
        else controller.enqueue(encoder.encode(piece));
      },
    });
    return new Response(body, { headers: { 'content-type': 'text/event-stream; charset=utf-8' } });
  };
}
