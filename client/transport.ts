import { addressOf } from './address.ts';
import { answerError, excerpt } from './answer-error.ts';
import { connectionFailure } from './connection-failure.ts';
import { Deadline } from './deadline.ts';
import { ProtocolError, UnauthorizedError } from './errors.ts';
import type { CallOptions, ClientOptions, Token } from './options.ts';
import { patience } from './patience.ts';
import { isLasting, isRateLimited, rateLimitDelay, retryDelay } from './retry.ts';
import { pause, unlessAborted, type Timing } from './timing.ts';

/** One request. */
export interface Request extends CallOptions {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE' | (string & {});
  /** The path after the server's address: `/api/instances`. */
  path: string;
  /** The query, without the parameters that are `undefined`. */
  query?: Readonly<Record<string, string | number | boolean | undefined>> | undefined;
  /** Sent as JSON. */
  body?: unknown;
  /** Text to send instead of `body`, with its media type. */
  text?: { type: string; content: string } | undefined;
  /** Fields and files to send as a form instead of `body`. */
  form?: FormData | undefined;
  headers?: Readonly<Record<string, string>> | undefined;
  /** Overrides the client's token; `null`: no token. */
  token?: string | null | undefined;
  /** Statuses other than 2xx that are not errors. */
  otherStatuses?: readonly number[] | undefined;
  /** Whether the request has no timeout, unless `timeout` is given. */
  isPatient?: boolean | undefined;
}

/** An answer with its body. */
export interface Answer<Body> {
  status: number;
  headers: Headers;
  body: Body;
}

/** An answer whose body is not yet read. */
export interface OpenAnswer {
  response: Response;
  url: string;
  /** Bounds the reading of the body. The reader must close it. */
  deadline: Deadline;
}

const DEFAULT_TIMEOUT = 60;
const DEFAULT_RETRIES = 2;

/** Sends requests to one server. */
export class Transport {
  /** The address of the server, without a slash at the end. */
  readonly address: string;
  readonly timing: Timing;
  readonly timeout: number;
  readonly retries: number;
  readonly #fetch: typeof globalThis.fetch | undefined;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #token: Token | null;
  readonly #rateLimitWait: number;
  readonly #onRetry: ClientOptions['onRetry'];

  constructor(options: ClientOptions, timing: Timing) {
    this.address = addressOf(options.url);
    this.timing = timing;
    this.timeout = options.timeout ?? DEFAULT_TIMEOUT;
    this.retries = options.retries ?? DEFAULT_RETRIES;
    this.#fetch = options.fetch;
    this.#headers = options.headers ?? {};
    this.#token = options.token ?? null;
    this.#rateLimitWait = options.rateLimitWait ?? 0;
    this.#onRetry = options.onRetry;
  }

  /** Whether a function returns the tokens, so that a refused request can be retried with another token. */
  get isTokenAsked(): boolean {
    return typeof this.#token === 'function';
  }

  /** Returns the current token; `null`: no token. @throws The signal's reason, or the error of the token function. */
  async token(signal: AbortSignal | undefined): Promise<string | null> {
    const source = this.#token;
    const given = typeof source === 'function' ? await unlessAborted((async () => source())(), signal) : source;
    const token = given?.trim() ?? '';
    if (token === '') return null;
    // Platforms refuse such a token too, but their error shows it.
    if (!/^[!-~]+$/.test(token)) {
      throw new TypeError('The token has characters that no token can have. Give it without `Bearer`.');
    }
    return token;
  }

  /** Sends a request and parses the JSON answer. @throws {LlamactlError} {@link ConnectionError} {@link ProtocolError}, and the signal's reason */
  async json<Body>(request: Request): Promise<Answer<Body>> {
    const { body, url, status, headers } = await this.#read(request, textOf);
    return { status, headers, body: parsed(body, url, status) as Body };
  }

  /** Like {@link json}, but returns the body as text. */
  async text(request: Request): Promise<Answer<string>> {
    const { status, headers, body } = await this.#read(request, textOf);
    return { status, headers, body };
  }

  /** Like {@link json}, but returns the bytes of the body, with its media type. */
  async blob(request: Request): Promise<Answer<Blob>> {
    const { status, headers, body } = await this.#read(request, blobOf);
    return { status, headers, body };
  }

  /** Sends a request and returns its answer with an unread body. The timeout applies until the body begins. */
  async open(request: Request): Promise<OpenAnswer> {
    return this.#again(request, async (deadline) => {
      const { response, url } = await this.#send(request, deadline);
      deadline.within(0, url);
      return { response, url, deadline };
    });
  }

  #read<Body>(
    request: Request,
    bodyOf: (response: Response, url: string) => Promise<Body>,
  ): Promise<Answer<Body> & { url: string }> {
    return this.#again(request, async (deadline) => {
      const { response, url } = await this.#send(request, deadline);
      const body = await bodyOf(response, url);
      deadline.close();
      return { status: response.status, headers: response.headers, body, url };
    });
  }

  /** Retries until an attempt succeeds or retrying does not help. The caller closes the deadline of the result. */
  async #again<Result>(request: Request, once: (deadline: Deadline) => Promise<Result>): Promise<Result> {
    const { method, signal } = request;
    const lasts = isLasting(method, targetOf(request));
    let isFreshToken = !this.isTokenAsked || request.token !== undefined;
    const limit = request.retries ?? this.retries;
    const mostWait = limit === 0 ? 0 : this.#rateLimitWait;
    let waited = 0;
    for (let retries = 0; ;) {
      const deadline = new Deadline(this.timing, signal);
      try {
        return await once(deadline);
      } catch (thrown) {
        const error = deadline.reason ?? thrown;
        deadline.close();
        if (error instanceof UnauthorizedError && !isFreshToken && request.path !== LOGIN) {
          isFreshToken = true;
          continue;
        }
        const waitsForLimit = mostWait > 0 && isRateLimited(error);
        const random = this.timing.random();
        const delay = waitsForLimit
          ? rateLimitDelay(error, mostWait - waited, random)
          : retryDelay({ method, error, retries, isLasting: lasts }, limit, random);
        if (delay === null) throw error;
        this.#onRetry?.({ error, delay });
        await pause(this.timing, delay, signal);
        if (waitsForLimit) waited += delay;
        else retries += 1;
      }
    }
  }

  async #send(request: Request, deadline: Deadline): Promise<{ response: Response; url: string }> {
    const { method, isPatient = false } = request;
    if (!request.path.startsWith('/')) {
      throw new TypeError(`${JSON.stringify(request.path)} is not a path: it must begin with a slash.`);
    }
    const timeout = request.timeout ?? (isPatient ? 0 : this.timeout);
    const url = this.address + targetOf(request);
    deadline.within(timeout, url);
    const headers = await this.#headersOf(request, deadline.signal);
    const json = request.body === undefined ? undefined : JSON.stringify(request.body);
    const content = request.form ?? request.text?.content ?? json;
    // Only the platform's own `fetch` accepts this agent.
    const unbounded = isPatient && this.#fetch === undefined ? patience() : {};
    const response = await (this.#fetch ?? globalThis.fetch)(url, {
      method,
      headers,
      redirect: 'manual',
      signal: deadline.signal,
      ...(content === undefined ? {} : { body: content }),
      ...unbounded,
    }).catch((error: unknown) => {
      throw connectionFailure(url, error);
    });
    await this.#judge(response, request, url);
    return { response, url };
  }

  async #headersOf({ headers = {}, token, text, form, body }: Request, signal: AbortSignal): Promise<Headers> {
    const all = new Headers({ accept: 'application/json', ...this.#headers, ...headers });
    if (text !== undefined) all.set('content-type', text.type);
    // The platform names the boundary of a form.
    else if (body !== undefined && form === undefined) all.set('content-type', 'application/json');
    if (all.has('authorization')) return all;
    const given = token === undefined ? await this.token(signal) : token;
    if (given !== null) all.set('authorization', `Bearer ${given}`);
    return all;
  }

  /** @throws The error in the answer, if the answer is one. */
  async #judge(response: Response, { otherStatuses = [] }: Request, url: string): Promise<void> {
    const { status, headers, ok } = response;
    if (ok || otherStatuses.includes(status)) return;
    // llamactl never redirects. If the client followed a redirect, a POST would become a GET.
    if (response.type === 'opaqueredirect' || (status >= 300 && status < 400)) {
      const to = headers.get('location');
      const where = to === null ? 'elsewhere' : `to ${new URL(to, url).href}`;
      throw new ProtocolError(`${url} redirects ${where}; give the client that address.`, { url, status });
    }
    throw answerError({ url, status, headers, text: await textOf(response, url) });
  }
}

/** A 401 of this path is about the credentials in the body, not about the token. */
const LOGIN = '/api/auth/login';

async function textOf(response: Response, url: string): Promise<string> {
  try {
    return await response.text();
  } catch (error) {
    throw connectionFailure(url, error);
  }
}

async function blobOf(response: Response, url: string): Promise<Blob> {
  try {
    return await response.blob();
  } catch (error) {
    throw connectionFailure(url, error);
  }
}

function parsed(text: string, url: string, status: number): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    const { origin, pathname } = new URL(url);
    const said = excerpt(text);
    throw new ProtocolError(`${origin} answered ${pathname} with something that is not from llamactl: ${said}`, {
      url,
      status,
      cause,
    });
  }
}

function targetOf({ path, query = {} }: Request): string {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) given.set(name, String(value));
  const text = given.toString();
  if (text === '') return path;
  // A path given to `request` may already have a query.
  return `${path}${path.includes('?') ? '&' : '?'}${text}`;
}
