import { AuthHarness } from './auth-harness.ts';
import { testConfig, testServer, type TestServer } from './http-harness.ts';
import type { HttpServerOptions } from '../http/server.ts';

/** A server on loopback with accounts in memory, for tests of log-ins and access. */
export class AccessServer {
  readonly harness: AuthHarness;
  readonly url: string;
  readonly #test: TestServer;

  private constructor(harness: AuthHarness, test: TestServer, url: string) {
    this.harness = harness;
    this.#test = test;
    this.url = url;
  }

  /**
   * @param isEnabled Whether authentication is on.
   * @param at A loopback address with a free port; port 0: the system chooses.
   */
  static async open(
    isEnabled = true,
    parts: Partial<HttpServerOptions> = {},
    at: { host: string; port: number } = { host: '127.0.0.1', port: 0 },
  ): Promise<AccessServer> {
    const harness = await AuthHarness.open({ isEnabled });
    const config = testConfig({ auth: { enabled: isEnabled } });
    const test = testServer({ auth: harness.auth, clock: harness.clock, config, ...parts });
    const { port } = await test.server.listen(at);
    return new AccessServer(harness, test, `http://${at.host}:${port}`);
  }

  /** Time of the server's clock, in milliseconds since the epoch. */
  get now(): number {
    return this.harness.clock.now();
  }

  /** The requests so far, as `METHOD /path`. */
  get requests(): string[] {
    return this.#test.log.flatMap(({ method, url }) =>
      typeof method === 'string' && typeof url === 'string' ? [`${method} ${url}`] : [],
    );
  }

  async close(): Promise<void> {
    await this.#test.server.close();
  }
}
