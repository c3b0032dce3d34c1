import { codeOf } from '@llamactl/contract/reason';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import type { HttpServer, Listener } from '../http/server.ts';
import type { ListeningPorts } from '../instances/ports/listening-ports.ts';

export interface ListeningParts {
  host: string;
  /** 0: the system chooses. */
  port: number;
  /** The inherited listener; `null`: none. */
  listener: Listener | null;
  listeningPorts: Pick<ListeningPorts, 'portHolder'>;
}

/** The address on which the server listens. */
export class Listening {
  readonly #parts: ListeningParts;
  #port: number;

  constructor(parts: ListeningParts) {
    this.#parts = parts;
    this.#port = parts.port;
  }

  /** The port; 0: the system has not chosen it yet. */
  get port(): number {
    return this.#port;
  }

  /** Checks the port early, so that a server that cannot listen starts no engines. @throws {Error} for people: the port is taken */
  async checkPort(): Promise<void> {
    const { listener, listeningPorts } = this.#parts;
    if (this.#port === 0 || listener !== null) return;
    const early = await listeningPorts.portHolder(this.#port);
    if (early !== null) throw portTaken(this.#port, early.description);
  }

  /**
   * Begins to listen.
   *
   * @returns the URL for callers on this machine
   * @throws {Error} for people: the port is taken, or the host is not an address of this machine
   */
  async begin(http: Pick<HttpServer, 'listen' | 'listenBy'>): Promise<string> {
    const { host, listener, listeningPorts } = this.#parts;
    const listening = listener === null ? http.listen({ host, port: this.#port }) : http.listenBy(listener);
    const address = await listening.catch(async (error: unknown) => {
      const foreign = foreignHost(host, error);
      if (foreign !== null) throw foreign;
      const holder = await listeningPorts.portHolder(this.#port);
      throw holder === null ? error : portTaken(this.#port, holder.description, error);
    });
    this.#port = address.port;
    return urlOf(address);
  }
}

/** Returns the server's local URL: the loopback address if it listens on all addresses (`::` includes IPv4). */
function urlOf({ address, family, port }: AddressInfo): string {
  if (isUnspecified(address)) return `http://127.0.0.1:${port}`;
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}

/** Whether a host stands for every address of the machine. */
function isUnspecified(host: string): boolean {
  return host === '0.0.0.0' || host === '::';
}

/** Explains a host that this machine does not have; `null`: the error has another cause. */
function foreignHost(host: string, cause: unknown): Error | null {
  const code = codeOf(cause);
  const why =
    code === 'EADDRNOTAVAIL'
      ? 'which is not an address of this machine'
      : code === 'ENOTFOUND' || code === 'EAI_AGAIN'
        ? 'a name that cannot be resolved'
        : null;
  if (why === null) return null;
  const interfaces = Object.values(os.networkInterfaces()).flatMap((each) => each ?? []);
  // Leave out link-local addresses: they need the name of an interface.
  const own = new Set(interfaces.filter(({ scopeid = 0 }) => scopeid === 0).map(({ address }) => address));
  const message = `server.host is ${host}, ${why}; possible values are ${[...own].join(', ')}, or 0.0.0.0 for all of them (--host, LLAMACTL_SERVER_HOST or server.host in the configuration file)`;
  return new Error(message, { cause });
}

function portTaken(port: number, by: string, cause?: unknown): Error {
  const message = `port ${port} is taken by ${by}; choose another with --port, LLAMACTL_SERVER_PORT or server.port in the configuration file`;
  return new Error(message, { cause });
}
