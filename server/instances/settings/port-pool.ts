/** Returns the lowest free port of the range, both ends included; `null`: the range is used up. */
export function pickPort(
  [first, last]: readonly [number, number],
  taken: ReadonlyMap<number, unknown>,
  avoid: ReadonlySet<number>,
): number | null {
  for (let port = first; port <= last; port += 1) {
    if (!taken.has(port) && !avoid.has(port)) return port;
  }
  return null;
}
