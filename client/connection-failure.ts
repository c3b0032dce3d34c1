import { ConnectionError } from './errors.ts';

/** What the codes of platforms mean; by the beginning of the code. */
const MEANINGS: readonly (readonly [RegExp, string])[] = [
  [/^ECONNREFUSED$/, 'nothing listens there. Start the server with `llamactl serve`, or give the address of another'],
  [/^(ENOTFOUND|EAI_)/, 'the name of the host is not known. Is it spelled right?'],
  [/^(EHOSTUNREACH|ENETUNREACH|ENETDOWN)$/, 'there is no way to that host from here'],
  [
    /^(ETIMEDOUT|UND_ERR_CONNECT_TIMEOUT)$/,
    'the host does not answer. Is it on, and does a firewall let the port through?',
  ],
  [/^(ECONNRESET|EPIPE|UND_ERR_SOCKET)$/, 'the connection was lost. Was the server stopped?'],
  [/^(ERR_SSL|EPROTO)/, 'what listens there does not speak HTTPS; try http://'],
  [/^ERR_TLS_CERT_ALTNAME/, 'its certificate is for another name. Use the name that it is for'],
  [
    /^(CERT_|DEPTH_|SELF_SIGNED|UNABLE_TO_|ERR_TLS)/,
    'its certificate is not trusted here. Node trusts the authorities in the file that NODE_EXTRA_CA_CERTS names, too',
  ],
  [/^HPE_/, 'what listens there does not speak HTTP, or wants https://'],
];

/** With these, no byte of a request has been sent. */
const UNSENT = /^(ECONNREFUSED|ENOTFOUND|EAI_|EHOSTUNREACH|ENETUNREACH|ENETDOWN|UND_ERR_CONNECT_TIMEOUT)/;

/**
 * What `fetch` said when no answer came, as an error that says what would work.
 *
 * @param url Of the request.
 */
export function connectionFailure(url: string, cause: unknown): ConnectionError {
  const codes = codesOf(cause);
  const meaning = MEANINGS.find(([pattern]) => codes.some((code) => pattern.test(code)))?.[1];
  const said = meaning ?? (codes.length > 0 ? `the connection failed (${codes.join(', ')})` : withoutCode(cause));
  return new ConnectionError(`No answer from ${new URL(url).origin}: ${said}${said.endsWith('?') ? '' : '.'}`, {
    url,
    isUnsent: codes.length > 0 && codes.every((code) => UNSENT.test(code)),
    cause,
  });
}

/** What is said where the platform gives no code. */
function withoutCode(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  // Browsers say nothing of it, by intent.
  if (!(cause instanceof Error)) {
    return 'the request failed. Does the server run, and does it let this page in (`server.allowed_origins`)?';
  }
  // Ports of other protocols, such as 6000, by the standard of `fetch`; in the words of Node.
  if (cause.message === 'bad port') return '`fetch` sends nothing to this port. Let the server listen on another';
  return `the request failed (${cause.message})`;
}

/** The codes of an error and of all that it was caused by; a name with several addresses fails once for each. */
function codesOf(error: unknown): string[] {
  if (!(error instanceof Error)) return [];
  if (error instanceof AggregateError && error.errors.length > 0) return error.errors.flatMap(codesOf);
  const inner = codesOf(error.cause);
  if (inner.length > 0) return inner;
  return 'code' in error && typeof error.code === 'string' ? [error.code] : [];
}
