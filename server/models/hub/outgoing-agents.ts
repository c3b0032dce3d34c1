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
  /** @throws {Error} a variable names an invalid proxy, or a file of authorities that cannot be read */
  of(url: URL): http.Agent;
  /** Ends all connections. */
  close(): void;
  /** Some connections may go through a proxy, which resolves names itself. */
  readonly isProxied: boolean;
}

/**
 * Opens connections through the proxies that the environment names, and trusts also the authorities in the file of
 * `SSL_CERT_FILE`. Reads the variables and this file for the first connection that they concern.
 *
 * @param options.keepAlive Whether connections are used again.
 */
export function outgoingAgents(environment: Variables, { keepAlive = false } = {}): OutgoingAgents {
  const proxyEnv = Object.fromEntries(PROXY_VARIABLES.map((name) => [name, environment[name]]));
  const isProxied = PROXY_VARIABLES.some((name) => !/no_proxy/i.test(name) && (environment[name] ?? '') !== '');
  let plain: http.Agent | null = null;
  let secure: https.Agent | null = null;
  return {
    isProxied,
    of: (url) => {
      if (url.protocol !== 'https:') {
        plain ??= withProxy('http_proxy', environment, () => new http.Agent({ proxyEnv, keepAlive }));
        return plain;
      }
      secure ??= secureAgent(environment, { proxyEnv, keepAlive });
      return secure;
    },
    close: () => {
      plain?.destroy();
      secure?.destroy();
    },
  };
}

function secureAgent(environment: Variables, options: https.AgentOptions): https.Agent {
  const trusted = authorities(environment[AUTHORITIES]);
  return withProxy('https_proxy', environment, () => new https.Agent({ ...options, ...trusted }));
}

/** @throws {Error} the address of the proxy is invalid. Its text is not repeated, because it may have a password. */
function withProxy<Agent>(name: 'http_proxy' | 'https_proxy', environment: Variables, open: () => Agent): Agent {
  try {
    return open();
  } catch (error) {
    // Node prefers the name in small letters.
    const source = (environment[name] ?? '') === '' ? name.toUpperCase() : name;
    throw new Error(`${source} is not the address of a proxy`, { cause: error });
  }
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
