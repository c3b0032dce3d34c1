/**
 * Returns the address of the server for the client: the folder of this page, under whatever prefix a proxy serves it.
 *
 * @param page The address of the page.
 */
export function serverAddress(page: string): string {
  const { origin, pathname } = new URL('.', page);
  const prefix = pathname.replace(/\/+$/, '');
  // The client removes one `/api` or `/v1` at the end, which may be the prefix itself.
  return `${origin}${prefix}${/\/(?:api|v1)$/.test(prefix) ? '/api' : ''}`;
}
