import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** An HTTP server of a test, on a port of its own. */
export class LoopbackServer {
  readonly #server: Server;
  readonly #host: string;

  private constructor(server: Server, host: string) {
    this.#server = server;
    this.#host = host;
  }

  /** @param host `127.0.0.1`, or `localhost` for a second host name. */
  static async open(handler: Handler, host = '127.0.0.1'): Promise<LoopbackServer> {
    const server = createServer(handler);
    await new Promise<void>((resolve) => {
      server.listen(0, host, resolve);
    });
    return new LoopbackServer(server, host);
  }

  /** Without a slash at its end. */
  get url(): string {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the server does not listen');
    return `http://${this.#host}:${address.port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
  }
}

/** Ends an answer with JSON. */
export function sendJson(
  response: ServerResponse,
  status: number,
  value: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value));
}
