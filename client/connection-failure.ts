import { ConnectionError } from './errors.ts';

/** Explanations for error codes of the platform. */
const MEANINGS: readonly (readonly [RegExp, string])[] = [
  [/^ECONNREFUSED$/, 'nothing listens there. Start the server with `llamactl up`, or give the address of another'],
  [/^(ENOTFOUND|EAI_)/, 'the host name is unknown. Is it spelled right?'],
  [/^(EHOSTUNREACH|ENETUNREACH|ENETDOWN)$/, 'the host is not reachable from here'],
  [
    /^(ETIMEDOUT|UND_ERR_CONNECT_TIMEOUT)$/,
    'the host does not answer. Is it on, and does a firewall let the port through?',
  ],
  [/^(ECONNRESET|EPIPE|UND_ERR_SOCKET)$/, 'the connection was lost. Was the server stopped?'],
  [/^(ERR_SSL|EPROTO)/, 'the program that listens there does not speak HTTPS; try http://'],
  [/^ERR_TLS_CERT_ALTNAME/, 'its certificate is for another name. Use the name in the certificate'],
  [
    /^(CERT_|DEPTH_|SELF_SIGNED|UNABLE_TO_|ERR_TLS)/,
    'its certificate is not trusted here. Set NODE_EXTRA_CA_CERTS to a file with the authority that signed it',
  ],
  [/^HPE_/, 'the program that listens there does not speak HTTP, or requires https://'],
];

/** Codes of errors that occur before any byte of a request is sent. */
const UNSENT = /^(ECONNREFUSED|ENOTFOUND|EAI_|EHOSTUNREACH|ENETUNREACH|ENETDOWN|UND_ERR_CONNECT_TIMEOUT)/;

/**
 * Converts an error of `fetch` to an error whose message says what would work.
 *
 * @param url The URL of the request.
 */
export function connectionFailure(url: string, cause: unknown): ConnectionError {
  const codes = codesOf(cause);
  const meaning = MEANINGS.find(([pattern]) => codes.some((code) => pattern.test(code)))?.[1];
  const said = meaning ?? (codes.length > 0 ? `the connection failed (${codes.join(', ')})` : withoutCode(cause, url));
  return new ConnectionError(`No answer from ${new URL(url).origin}: ${said}${said.endsWith('?') ? '' : '.'}`, {
    url,
    isUnsent: codes.length > 0 && codes.every((code) => UNSENT.test(code)),
    cause,
  });
}

/** The explanation for an error without a code. */
function withoutCode(error: unknown, url: string): string {
  const cause = error instanceof Error ? error.cause : undefined;
  // Browsers hide the cause on purpose.
  if (!(cause instanceof Error)) {
    return 'the request failed. Does the server run, and does it allow this page (`server.allowed_origins`)?';
  }
  // The standard of `fetch` blocks ports of other protocols, such as 6000. The text is Node's.
  if (cause.message === 'bad port') {
    return `port ${new URL(url).port} belongs to another protocol, and HTTP clients refuse it. Let the server listen on another port`;
  }
  return `the request failed (${cause.message})`;
}

/** The codes of an error and its causes. A host name with several addresses fails once for each address. */
function codesOf(error: unknown): string[] {
  if (!(error instanceof Error)) return [];
  if (error instanceof AggregateError && error.errors.length > 0) return error.errors.flatMap(codesOf);
  const inner = codesOf(error.cause);
  if (inner.length > 0) return inner;
  return 'code' in error && typeof error.code === 'string' ? [error.code] : [];
}
