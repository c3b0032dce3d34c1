import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import tls from 'node:tls';
import { reasonOf } from '@llamactl/contract/reason';

type Variables = Readonly<Record<string, string | undefined>>;

/** Variables with the proxies for outgoing connections, as curl and Python read them. */
const PROXY_VARIABLES = ['HTTP_PROXY', 'http_proxy', 'HTTPS_PROXY', 'https_proxy', 'NO_PROXY', 'no_proxy'] as const;
/** Authorities to trust besides those of Node, which reads `NODE_EXTRA_CA_CERTS` itself. */
const AUTHORITIES = 'SSL_CERT_FILE';

/** All variables that count for outgoing connections. */
export function outgoingVariables(environment: Variables): Variables {
  return Object.fromEntries([...PROXY_VARIABLES, AUTHORITIES].map((name) => [name, environment[name]]));
}

/** Opens connections to other machines. */
export interface OutgoingAgents {
  /** @throws {Error} the file of `SSL_CERT_FILE` cannot be read */
  of(url: URL): http.Agent;
  /** Ends all connections. */
  close(): void;
  /** Some connections go through a proxy, which resolves names itself. */
  readonly isProxied: boolean;
}

/**
 * Opens connections through the proxies that the environment names, and trusts also the authorities in the file of
 * `SSL_CERT_FILE`. Reads this file for the first `https:` connection.
 *
 * @param options.keepAlive Whether connections are used again.
 */
export function outgoingAgents(environment: Variables, { keepAlive = false } = {}): OutgoingAgents {
  const proxyEnv = Object.fromEntries(PROXY_VARIABLES.map((name) => [name, environment[name]]));
  const isProxied = PROXY_VARIABLES.some((name) => !/no_proxy/i.test(name) && (environment[name] ?? '') !== '');
  const plain = new http.Agent({ proxyEnv, keepAlive });
  let secure: https.Agent | null = null;
  return {
    isProxied,
    of: (url) => {
      if (url.protocol !== 'https:') return plain;
      secure ??= new https.Agent({ proxyEnv, keepAlive, ...authorities(environment[AUTHORITIES]) });
      return secure;
    },
    close: () => {
      plain.destroy();
      secure?.destroy();
    },
  };
}

/** @throws {Error} the file cannot be read */
function authorities(file: string | undefined): { ca?: string[] } {
  if (file === undefined || file === '') return {};
  try {
    return { ca: [...tls.getCACertificates('default'), readFileSync(file, 'utf8')] };
  } catch (error) {
    throw new Error(`the file of ${AUTHORITIES} cannot be read: ${reasonOf(error)}`, { cause: error });
  }
}
