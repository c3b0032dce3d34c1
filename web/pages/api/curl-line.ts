import type { Operation } from './api-document.ts';

/** The variable that holds the key; the command line of llamactl reads the same one. */
export const KEY_VARIABLE = 'LLAMACTL_TOKEN';

/** Settings of all curl commands. */
export interface CurlSetting {
  /** The address of the server with its prefix, without a slash at the end. */
  base: string;
  isAuthEnabled: boolean;
}

/** Returns a command that sends an operation. Values to replace are in capitals: `/api/instances/NAME`. */
export function curlLine(operation: Operation, { base, isAuthEnabled }: CurlSetting): string {
  const { method, permission } = operation;
  const url = base + targetOf(operation);
  const body = sampleBody(operation);
  const parts = [
    `curl ${method === 'GET' ? '' : `-X ${method} `}${/[?&]/.test(url) ? quoted(url) : url}`,
    ...(isAuthEnabled && permission !== 'public' ? [`-H "Authorization: Bearer $${KEY_VARIABLE}"`] : []),
    ...(body === undefined ? [] : ["-H 'Content-Type: application/json'", `-d ${quoted(JSON.stringify(body))}`]),
  ];
  return parts.join(' \\\n  ');
}

/** Returns the example body of an operation; `undefined`: it takes no body. */
export function sampleBody({ body }: Operation): unknown {
  return body?.content['application/json']?.example;
}

/** The path and the query parameters that are required. */
function targetOf({ path, parameters }: Operation): string {
  const query = parameters
    .filter(({ in: place, required = false }) => place === 'query' && required)
    .map(({ name }) => `${name}=${name.toUpperCase()}`)
    .join('&');
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => name.toUpperCase());
  return query === '' ? filled : `${filled}?${query}`;
}

/** Quotes a text for a POSIX shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
