const DEFAULT_URL = 'http://127.0.0.1:8080';

/**
 * Where a server is: what paths are put behind. Without a slash at its end, and without the `/api` that the documentation
 * of the API ends its base URL with.
 *
 * @throws {TypeError} when it is no address
 */
export function addressOf(url: string = DEFAULT_URL): string {
  const { protocol, host, username, password, pathname } = parsed(url);
  if (protocol !== 'http:' && protocol !== 'https:') throw new TypeError(`${url} is no address of HTTP or HTTPS.`);
  // `fetch` takes no address with these, and what it says of it does not help.
  if (username !== '' || password !== '') throw new TypeError('Credentials belong into `token`, not into the address.');
  return `${protocol}//${host}${pathname.replace(/\/+$/, '').replace(/\/api$/, '')}`;
}

/** What people type may lack the protocol: `localhost:8080`. */
function parsed(url: string): URL {
  const text = url.includes('://') ? url : `http://${url}`;
  try {
    return new URL(text);
  } catch (error) {
    throw new TypeError(`${JSON.stringify(url)} is no address; it looks like ${DEFAULT_URL}.`, { cause: error });
  }
}
