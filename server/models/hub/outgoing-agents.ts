import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import tls from 'node:tls';
import { ApiError } from '@llamactl/contract/errors';
import { reasonOf } from '@llamactl/contract/reason';

type Variables = Readonly<Record<string, string | undefined>>;

/** Variables with the proxies for outgoing connections, as curl and Python read them. */
const PROXY_VARIABLES = ['HTTP_PROXY', 'http_proxy', 'HTTPS_PROXY', 'https_proxy', 'NO_PROXY', 'no_proxy'] as const;
/** Authorities to trust besides those of Node, which reads `NODE_EXTRA_CA_CERTS` itself. */
const AUTHORITIES = 'SSL_CERT_FILE';

/** Opens connections to other machines. */
export interface OutgoingAgents {
  of(url: URL): http.Agent;
  /** Some connections go through a proxy, which resolves names itself. */
  readonly isProxied: boolean;
}

/**
 * Opens connections through the proxies that the environment names, and trusts also the authorities in the file of
 * `SSL_CERT_FILE`. Reads this file for the first `https:` connection.
 */
export function outgoingAgents(environment: Variables): OutgoingAgents {
  const proxyEnv = Object.fromEntries(PROXY_VARIABLES.map((name) => [name, environment[name]]));
  const isProxied = PROXY_VARIABLES.some((name) => !/no_proxy/i.test(name) && (environment[name] ?? '') !== '');
  const plain = new http.Agent({ proxyEnv });
  let secure: https.Agent | null = null;
  return {
    isProxied,
    of: (url) => {
      if (url.protocol !== 'https:') return plain;
      secure ??= new https.Agent({ proxyEnv, ...authorities(environment[AUTHORITIES]) });
      return secure;
    },
  };
}

/** @throws {ApiError} `HUB_ERROR` when the file cannot be read */
function authorities(file: string | undefined): { ca?: string[] } {
  if (file === undefined || file === '') return {};
  try {
    return { ca: [...tls.getCACertificates('default'), readFileSync(file, 'utf8')] };
  } catch (error) {
    throw new ApiError('HUB_ERROR', `The file of ${AUTHORITIES} cannot be read: ${reasonOf(error)}.`);
  }
}
