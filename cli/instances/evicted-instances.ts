import type { Client } from '@llamactl/client';

/** How many of the newest changes are searched. A start among others changes a few instances. */
const MOST_SEARCHED = 200;

/**
 * Lists the instances that the server has stopped to make room for the last start of others. Empty if the server
 * does not say so: older ones keep no events, and a key may see too little.
 *
 * @param started Names of instances that have just started.
 */
export async function evictedFor(
  client: Pick<Client, 'listEvents'>,
  started: readonly string[],
  signal: AbortSignal,
): Promise<string[]> {
  const { ConnectionError, LlamactlError, ProtocolError } = await import('@llamactl/client');
  const { events } = await client
    .listEvents({ type: 'instance_status_changed', limit: MOST_SEARCHED, signal })
    .catch((error: unknown) => {
      const isRefused =
        error instanceof LlamactlError || error instanceof ConnectionError || error instanceof ProtocolError;
      if (!isRefused) throw error;
      return { events: [] };
    });
  const open = new Set(started);
  const evicted = new Map<string, string>();
  // Newest first: the begin of a start ends the search for those that it stopped.
  for (const { type, data } of events) {
    if (type !== 'instance_status_changed') continue;
    const { name, previous_status: previous, status, trigger } = data;
    if (previous === 'stopped' || previous === 'failed') open.delete(name);
    const neededBy = trigger?.kind === 'eviction' && status === 'stopping' ? trigger.needed_by : undefined;
    if (neededBy !== undefined && open.has(neededBy)) evicted.set(name, neededBy);
  }
  // If a start is not found, evictions of an earlier one may be among those found.
  return [...evicted].flatMap(([name, neededBy]) => (open.has(neededBy) ? [] : [name])).toReversed();
}

/** The line about stopped instances; `null`: none was stopped. */
export function evictedLine(evicted: readonly string[]): string | null {
  return evicted.length === 0 ? null : `stopped to make room: ${evicted.join(', ')}`;
}
