/**
 * The address of an instance, for a plain link. In a list of a thousand rows, a link of the router costs more than the
 * rest of its row.
 */
export function instanceAddress(name: string): string {
  return `#/instances/${encodeURIComponent(name)}`;
}
