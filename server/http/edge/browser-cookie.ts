import type { IncomingHttpHeaders } from 'node:http';

/**
 * The cookie that keeps a browser logged in. Scripts cannot read it. It has no `Path`, so a browser sends it only below
 * `/api/auth`, under whatever prefix a proxy publishes this server. `SameSite` alone would not do: it ignores ports.
 */
export class BrowserCookie {
  readonly #name: string;

  /**
   * @param dataDirectoryId Identifier of the data directory: browsers ignore ports, and two servers on one host must not
   *   replace each other's cookie.
   */
  constructor(dataDirectoryId: string) {
    this.#name = `llamactl_${dataDirectoryId}`;
  }

  /**
   * Returns its value in a request; `undefined`: the request does not have it, or has it twice. This server sets one. A page
   * on another port of the host may add one with a longer `Path`, which browsers send first: that of another account.
   */
  read({ cookie = '' }: Pick<IncomingHttpHeaders, 'cookie'>): string | undefined {
    const start = `${this.#name}=`;
    const [value, ...others] = cookie
      .split(';')
      .map((each) => each.trim())
      .filter((each) => each.startsWith(start));
    return others.length === 0 ? value?.slice(start.length) : undefined;
  }

  /**
   * Returns the `Set-Cookie` of a log-in.
   *
   * @param lifetime seconds
   * @param origin `Origin` of the request: the scheme that the browser uses, whatever a proxy does after it
   */
  set(value: string, lifetime: number, origin: string | undefined): string {
    const secure = origin?.startsWith('https:') === true ? '; Secure' : '';
    return `${this.#name}=${value}; Max-Age=${lifetime}; HttpOnly; SameSite=Strict${secure}`;
  }

  /** Returns the `Set-Cookie` of a log-out. @param origin as for {@link set} */
  removed(origin: string | undefined): string {
    return this.set('', 0, origin);
  }
}
