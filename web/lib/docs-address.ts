/** Anchors of parts of that page, beside those with a hyphen. */
const HEADINGS: ReadonlySet<string> = new Set(['requests', 'schemas']);

/**
 * Returns the address within the page for one of `/docs`, to which bookmarks lead. The server sends them here with `?docs`, and
 * the browser keeps their anchor: the id of an operation, or `schema-` and the name of a schema.
 *
 * @param address The address of the page.
 * @returns the place, such as `#/api?operation=createInstance`; `null`: the address is none of `/docs`
 */
export function placeOfDocs(address: string): string | null {
  const { searchParams, hash } = new URL(address);
  if (!searchParams.has('docs')) return null;
  const anchor = decoded(hash.slice(1));
  // The page has moved on since.
  if (anchor.startsWith('/')) return hash;
  const schema = /^schema-(\w+)$/.exec(anchor)?.[1];
  if (schema !== undefined) return `#/api?q=${schema}`;
  return /^[a-z]\w*$/.test(anchor) && !HEADINGS.has(anchor) ? `#/api?operation=${anchor}` : '#/api';
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (error instanceof URIError) return '';
    throw error;
  }
}
