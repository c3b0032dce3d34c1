import { codeOf } from '@llamactl/contract/reason';

/** The server that a request did not reach. */
export interface UnreachedServer {
  host: string;
  /** Some connections may go through a proxy of the environment. */
  isProxied: boolean;
  /** The setting that names this server; `null`: none does. */
  setting: string | null;
}

/** Codes of the system and of TLS, in words. */
const REASONS: Readonly<Record<string, string>> = {
  ENOTFOUND: 'its name was not found',
  EAI_AGAIN: 'its name could not be looked up',
  ECONNREFUSED: 'the connection was refused',
  ETIMEDOUT: 'the connection took too long',
  EHOSTUNREACH: 'no network leads to it',
  ENETUNREACH: 'no network leads to it',
};

const UNTRUSTED: ReadonlySet<string> = new Set([
  'CERT_HAS_EXPIRED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/** Why no connection to a server came about, and what to check; `null`: the failure has another cause. */
export function connectionFault(error: unknown, { host, isProxied, setting }: UnreachedServer): string | null {
  const code = codeOf(error) ?? '';
  if (UNTRUSTED.has(code)) {
    return `The certificate of ${host} is not trusted (${code}). If your network has an authority of its own, name its file in SSL_CERT_FILE of the server.`;
  }
  const reason = Object.hasOwn(REASONS, code) ? REASONS[code] : undefined;
  if (reason === undefined) return null;
  const proxy = isProxied ? 'the proxy in HTTPS_PROXY' : 'HTTPS_PROXY if your network needs a proxy';
  const checks = ['the network', proxy, ...(setting === null ? [] : [`the setting ${setting}`])];
  return `No connection to ${host}: ${reason} (${code}). Check ${listed(checks)}.`;
}

function listed(words: readonly string[]): string {
  return [...words.slice(0, -1), ...words.slice(-1).map((last) => `and ${last}`)].join(', ');
}
