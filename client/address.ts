const DEFAULT_URL = 'http://127.0.0.1:8080';

/**
 * Normalizes the address of a server, to which paths are appended. Removes a slash at its end, the `/api` with which
 * the API reference ends its base URL, and the `/v1` of the base URL for OpenAI clients.
 *
 * @throws {TypeError} If the text is not an HTTP or HTTPS address.
 */
export function addressOf(url: string = DEFAULT_URL): string {
  const { protocol, host, username, password, pathname } = parsed(url);
  if (protocol !== 'http:' && protocol !== 'https:') throw new TypeError(`${url} is not an HTTP or HTTPS address.`);
  // `fetch` refuses credentials in addresses, with an error that does not help.
  if (username !== '' || password !== '') throw new TypeError('Credentials belong into `token`, not into the address.');
  return `${protocol}//${host}${pathname.replace(/\/+$/, '').replace(/\/(?:api|v1)$/, '')}`;
}

/** Parses an address that may lack the protocol: `localhost:8080`. */
function parsed(url: string): URL {
  const text = url.includes('://') ? url : `http://${url}`;
  try {
    return new URL(text);
  } catch (error) {
    throw new TypeError(`${JSON.stringify(url)} is not an address, such as ${DEFAULT_URL}.`, { cause: error });
  }
}
