import { addressOf } from './address.ts';
import { answerError, excerpt } from './answer-error.ts';
import { connectionFailure } from './connection-failure.ts';
import { Deadline } from './deadline.ts';
import { ProtocolError, UnauthorizedError } from './errors.ts';
import type { CallOptions, ClientOptions, Token } from './options.ts';
import { patience } from './patience.ts';
import { isLasting, retryDelay } from './retry.ts';
import { pause, unlessAborted, type Timing } from './timing.ts';

/** One request, whatever it is for. */
export interface Request extends CallOptions {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE' | (string & {});
  /** From the server's address on: `/api/instances`. */
  path: string;
  /** What is `undefined` is left out. */
  query?: Readonly<Record<string, string | number | boolean | undefined>> | undefined;
  /** Sent as JSON. */
  body?: unknown;
  /** Sent as it is, instead of `body`, and as this media type. */
  text?: { type: string; content: string } | undefined;
  headers?: Readonly<Record<string, string>> | undefined;
  /** Instead of the client's; `null`: none. */
  token?: string | null | undefined;
  /** Statuses beyond 2xx that are no errors. */
  otherStatuses?: readonly number[] | undefined;
  /** It may take as long as it takes, unless a `timeout` is given. */
  isPatient?: boolean | undefined;
}

/** An answer, read. */
export interface Answer<Body> {
  status: number;
  headers: Headers;
  body: Body;
}

/** An answer whose body is still to come. */
export interface OpenAnswer {
  response: Response;
  url: string;
  /** Bounds what is still to come, and has to be closed. */
  deadline: Deadline;
}

const DEFAULT_TIMEOUT = 60;
const DEFAULT_RETRIES = 2;

/** Sends requests to one server. */
export class Transport {
  /** Where the server is, without a slash at the end. */
  readonly address: string;
  readonly timing: Timing;
  readonly timeout: number;
  readonly retries: number;
  readonly #fetch: typeof globalThis.fetch | undefined;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #token: Token | null;

  constructor(options: ClientOptions, timing: Timing) {
    this.address = addressOf(options.url);
    this.timing = timing;
    this.timeout = options.timeout ?? DEFAULT_TIMEOUT;
    this.retries = options.retries ?? DEFAULT_RETRIES;
    this.#fetch = options.fetch;
    this.#headers = options.headers ?? {};
    this.#token = options.token ?? null;
  }

  /** Whether who has been refused may come back with another token. */
  get isTokenAsked(): boolean {
    return typeof this.#token === 'function';
  }

  /** The token of this moment; `null`: there is none. @throws the signal's reason, and what it is asked of throws */
  async token(signal: AbortSignal | undefined): Promise<string | null> {
    const source = this.#token;
    const given = typeof source === 'function' ? await unlessAborted((async () => source())(), signal) : source;
    const token = given?.trim() ?? '';
    if (token === '') return null;
    // Platforms refuse it too, and show it.
    if (!/^[!-~]+$/.test(token)) {
      throw new TypeError('The token holds characters that no token has; it is given without `Bearer`.');
    }
    return token;
  }

  /** @throws {LlamactlError} {@link ConnectionError} {@link ProtocolError}, and the signal's reason */
  async json<Body>(request: Request): Promise<Answer<Body>> {
    const { text, url, ...answer } = await this.#read(request);
    return { ...answer, body: parsed(text, url, answer.status) as Body };
  }

  /** As {@link json}, with the body as it is. */
  async text(request: Request): Promise<Answer<string>> {
    const { status, headers, text } = await this.#read(request);
    return { status, headers, body: text };
  }

  /** Sends a request, and leaves the body of its answer to be read. The time it may take ends with the beginning of that. */
  async open(request: Request): Promise<OpenAnswer> {
    return this.#again(request, async (deadline) => {
      const { response, url } = await this.#send(request, deadline);
      deadline.within(0, url);
      return { response, url, deadline };
    });
  }

  #read(request: Request): Promise<{ status: number; headers: Headers; text: string; url: string }> {
    return this.#again(request, async (deadline) => {
      const { response, url } = await this.#send(request, deadline);
      const text = await textOf(response, url);
      deadline.close();
      return { status: response.status, headers: response.headers, text, url };
    });
  }

  /** Tries until it succeeds, or there is no sense in trying. What succeeds has its deadline left open. */
  async #again<Result>(request: Request, once: (deadline: Deadline) => Promise<Result>): Promise<Result> {
    const { method, signal } = request;
    const lasts = isLasting(method, targetOf(request));
    let isFreshToken = !this.isTokenAsked || request.token !== undefined;
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
        const failure = { method, error, retries, isLasting: lasts };
        const delay = retryDelay(failure, request.retries ?? this.retries, this.timing.random());
        if (delay === null) throw error;
        await pause(this.timing, delay, signal);
        retries += 1;
      }
    }
  }

  async #send(request: Request, deadline: Deadline): Promise<{ response: Response; url: string }> {
    const { method, isPatient = false } = request;
    if (!request.path.startsWith('/')) {
      throw new TypeError(`${JSON.stringify(request.path)} is no path: it must begin with a slash.`);
    }
    const timeout = request.timeout ?? (isPatient ? 0 : this.timeout);
    const url = this.address + targetOf(request);
    deadline.within(timeout, url);
    const headers = await this.#headersOf(request, deadline.signal);
    const content = request.text?.content ?? (request.body === undefined ? undefined : JSON.stringify(request.body));
    // Our own agent only into the platform's own `fetch`: another would not know what to do with it.
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

  async #headersOf({ headers = {}, token, text, body }: Request, signal: AbortSignal): Promise<Headers> {
    const all = new Headers({ accept: 'application/json', ...this.#headers, ...headers });
    if (text !== undefined) all.set('content-type', text.type);
    else if (body !== undefined) all.set('content-type', 'application/json');
    if (all.has('authorization')) return all;
    const given = token === undefined ? await this.token(signal) : token;
    if (given !== null) all.set('authorization', `Bearer ${given}`);
    return all;
  }

  /** @throws what the answer carries, if that is an error */
  async #judge(response: Response, { otherStatuses = [] }: Request, url: string): Promise<void> {
    const { status, headers, ok } = response;
    if (ok || otherStatuses.includes(status)) return;
    // llamactl leads nobody elsewhere; followed, a POST would become a GET.
    if (response.type === 'opaqueredirect' || (status >= 300 && status < 400)) {
      const to = headers.get('location');
      const where = to === null ? 'elsewhere' : `to ${new URL(to, url).href}`;
      throw new ProtocolError(`${url} leads ${where}; give the client that address.`, { url, status });
    }
    throw answerError({ url, status, headers, text: await textOf(response, url) });
  }
}

/** Wrong credentials there are not those of the caller. */
const LOGIN = '/api/auth/login';

async function textOf(response: Response, url: string): Promise<string> {
  try {
    return await response.text();
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
    throw new ProtocolError(`${origin} answered ${pathname} with something that is not llamactl's: ${said}`, {
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
  // That of `request` may hold one already.
  return `${path}${path.includes('?') ? '&' : '?'}${text}`;
}
