/**
 * Returns the address of the server for the client: the folder of this page, under whatever prefix a proxy serves it.
 *
 * @param page The address of the page.
 */
export function serverAddress(page: string): string {
  const folder = pageFolder(page);
  // The client removes one `/api` or `/v1` at the end, which may be the prefix itself.
  return `${folder}${/\/(?:api|v1)$/.test(new URL(folder).pathname) ? '/api' : ''}`;
}

/**
 * Returns the folder of this page, with its prefix and without a slash at the end. Paths of the API follow it.
 *
 * @param page The address of the page.
 */
export function pageFolder(page: string): string {
  return new URL('.', page).href.replace(/\/+$/, '');
}
