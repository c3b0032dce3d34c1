/** A request that was passed to `fetch`. */
export interface SentRequest {
  method: string;
  /** Path and query. */
  target: string;
  headers: Headers;
  body: string | null;
  /** The form, if one was sent in place of a text. */
  form: FormData | null;
  redirect: string | undefined;
}

/** The reply to a request: an answer, an error, or a function that returns an answer. */
export type Reply = Response | Error | ((request: SentRequest, signal: AbortSignal) => Response | Promise<Response>);

/** A fake `fetch` that sends its replies in order and records requests. */
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
      form: body instanceof FormData ? body : null,
      redirect,
    };
    this.requests.push(request);
    const reply = this.#replies.shift();
    if (reply === undefined) throw new Error(`no reply is left for ${method} ${request.target}`);
    if (reply instanceof Error) throw reply;
    return typeof reply === 'function' ? reply(request, signal ?? new AbortController().signal) : reply;
  };
}

/** An answer in JSON. */
export function answer(body: unknown, status = 200, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json', ...headers } });
}

/** An error answer of llamactl. */
export function refusal(status: number, code: string, headers: Record<string, string> = {}): Response {
  return answer({ error: `about ${code}`, code, details: '', request_id: 'r-1' }, status, headers);
}

/** The error that Node's `fetch` throws if it cannot connect. */
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

/** A stream of events in chunks; an error breaks it, `null` leaves it open. */
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
