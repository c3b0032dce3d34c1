/**
 * The address of an instance, for a plain link. In a list of a thousand rows, a link of the router costs more than the
 * rest of its row.
 */
export function instanceAddress(name: string): string {
  return `#/instances/${encodeURIComponent(name)}`;
}

/** Whether a path of the page belongs to an instance: its own page, or the form of its settings. */
export function isPlaceOf(name: string, pathname: string): boolean {
  const own = instanceAddress(name).slice(1);
  return pathname === own || pathname.startsWith(`${own}/`);
}
