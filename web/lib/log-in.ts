import { Client, ConnectionError, LlamactlError, ProtocolError, UnauthorizedError, type Me } from '@llamactl/client';
import { keep, kept } from './browser-storage.ts';
import { TokenSource, type TokenAnswer } from './token-source.ts';
import { ValueStore } from './value-store.ts';

/** The log-in of this tab, as far as it is known. */
export type LogInState =
  | { kind: 'unknown' }
  /** The server did not answer the first question. */
  | { kind: 'unreachable'; error: Error }
  /** The log-in page has to come. `hasFirstPassword`: to a new browser, which may look for the generated password. */
  | { kind: 'out'; hasFirstPassword: boolean }
  /** `isExpired`: the log-in dialog has to open over the page. */
  | { kind: 'in'; me: Me; isExpired: boolean };

/** A mark that this browser has a cookie, so that other browsers do not ask for a token in vain. */
const MARK = `logged-in:${location.pathname}`;
/** The user name of the last log-in of this tab, for the next one. */
const LAST_USER = 'last-user';
const yes = (value: unknown): true | undefined => (value === true ? true : undefined);

/** The user whose log-in of this tab has ended; empty: none has. */
export function lastUser(): string {
  return kept(LAST_USER, (value) => (typeof value === 'string' ? value : undefined), 'tab') ?? '';
}

/** Owns the log-in of this tab: who it is, its short token, and its end in all tabs. */
export class LogIn {
  readonly state = new ValueStore<LogInState>({ kind: 'unknown' });
  readonly #plain: Client;
  readonly #tokens: TokenSource;
  readonly #others = new BroadcastChannel(`llamactl:${location.pathname}`);
  #isBack: (() => void)[] = [];

  /** @param address The address of the server. */
  constructor(address: string) {
    this.#plain = new Client({ url: address });
    this.#tokens = new TokenSource({
      fetchToken: () => this.#fetchToken(),
      logInAgain: () => this.#waitForLogIn(),
      now: Date.now,
    });
    this.#others.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
      if (data === 'logged out') this.#leave();
      if (data === 'logged in') void this.#followOther();
    });
  }

  /** The token function of the client. */
  get token(): TokenSource['get'] {
    return this.#tokens.get;
  }

  /** Forgets a token that the server refused. */
  refused(token: string | null): void {
    this.#tokens.refused(token);
  }

  /** Finds out who this tab is. Ends in a state; call it again for another try. */
  async start(): Promise<void> {
    try {
      if (kept(MARK, yes) !== true) {
        const me = await this.#me(null);
        if (me.auth_enabled) return this.state.set({ kind: 'out', hasFirstPassword: me.first_password_in_file });
        this.#tokens.take('accounts off');
        return this.#enter(me);
      }
      const answer = await this.#fetchToken();
      if (answer === 'logged out') return this.#leave();
      if (answer === 'accounts off') keep(MARK, undefined);
      this.#tokens.take(answer);
      this.#enter(await this.#me(answer === 'accounts off' ? null : answer.token));
    } catch (error) {
      this.state.set({ kind: 'unreachable', error: error instanceof Error ? error : new Error(String(error)) });
    }
  }

  /** Whether the generated password of the first account is still in its file. */
  async hasFirstPassword(): Promise<boolean> {
    return (await this.#me(null)).first_password_in_file;
  }

  /** Logs in, and sets the cookie. @throws {LlamactlError} The refusal, with `retryAfter` while log-ins are throttled. */
  async logIn(username: string, password: string): Promise<void> {
    const answer = await this.#plain.loginBrowser({ username, password }, { retries: 0 });
    keep(MARK, true);
    keep(LAST_USER, username, 'tab');
    this.#tokens.take(answer);
    this.#goOn();
    this.#enter(await this.#me(answer.token));
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel has only our origin
    this.#others.postMessage('logged in');
  }

  /** Ends the log-in in all tabs of this browser. @throws The error of the request; the log-in is then as before. */
  async logOut(): Promise<void> {
    const before = this.state.get();
    // No tab asks for a token of the log-in that ends, and this one shows nothing until it has ended.
    keep(MARK, undefined);
    this.state.set({ kind: 'unknown' });
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel has only our origin
    this.#others.postMessage('logged out');
    try {
      await this.#plain.logoutBrowser();
    } catch (error) {
      keep(MARK, true);
      this.state.set(before);
      throw error;
    }
    location.reload();
  }

  /** Goes on with the cookie of another tab that has logged in. */
  async #followOther(): Promise<void> {
    const state = this.state.get();
    if (state.kind === 'out') return this.start();
    // A tab of before accounts were on does not know yet who it is, even if it has not asked since.
    if (state.kind !== 'in' || !(state.isExpired || !state.me.auth_enabled)) return;
    try {
      const answer = await this.#fetchToken();
      if (typeof answer === 'string') return;
      const me = await this.#me(answer.token);
      // The page still has the data of another user.
      const isOther = state.me.caller?.username !== me.caller?.username;
      if (state.me.auth_enabled && isOther) return location.reload();
      this.#tokens.take(answer);
      this.#goOn();
      this.#enter(me);
    } catch (error) {
      // The dialog stays, where the user can log in.
      const isOfServer = [LlamactlError, ConnectionError, ProtocolError].some((Kind) => error instanceof Kind);
      if (!isOfServer) throw error;
    }
  }

  /** Lets all requests go on that wait for the log-in. */
  #goOn(): void {
    const waiting = this.#isBack;
    this.#isBack = [];
    for (const resume of waiting) resume();
  }

  #enter(me: Me): void {
    this.state.set({ kind: 'in', me, isExpired: false });
  }

  /** A full reload also frees all data of the user. */
  #leave(): void {
    keep(MARK, undefined);
    this.#tokens.forget();
    if (this.state.get().kind === 'in') location.reload();
    else this.state.set({ kind: 'out', hasFirstPassword: false });
  }

  #waitForLogIn(): Promise<void> {
    const state = this.state.get();
    if (state.kind === 'in') this.state.set({ ...state, isExpired: true });
    else this.state.set({ kind: 'out', hasFirstPassword: false });
    return new Promise((resolve) => this.#isBack.push(resolve));
  }

  async #me(token: string | null): Promise<Me> {
    const headers = token === null ? {} : { authorization: `Bearer ${token}` };
    return (await this.#plain.request<Me>('GET', '/api/me', { headers })).body;
  }

  async #fetchToken(): Promise<TokenAnswer> {
    try {
      return await this.#plain.createBrowserToken();
    } catch (error) {
      if (error instanceof UnauthorizedError) return 'logged out';
      if (error instanceof LlamactlError && error.code === 'AUTH_DISABLED') return 'accounts off';
      throw error;
    }
  }
}
