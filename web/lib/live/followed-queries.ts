import type { QueryClient } from '@tanstack/react-query';
import type { Feed } from './feed.ts';

/** Requests answers again that an event, or the time without a connection, has made old. Only those on the screen. */
export function followWith(queries: QueryClient, feed: Feed): void {
  feed.listen(({ type, data }) => {
    if (type === 'gap') void queries.invalidateQueries();
    // A refused start shows what the next one needs.
    if (
      type === 'instance_status_changed' ||
      type === 'instance_start_refused' ||
      type === 'instance_updated' ||
      type === 'instance_deleted'
    ) {
      askAgainAbout(queries, [data.name]);
    }
  });
  let wasLost = false;
  feed.connection.subscribe(() => {
    const { kind } = feed.connection.get();
    if (kind === 'live' && wasLost) void queries.invalidateQueries();
    wasLost = kind === 'lost';
  });
}

/** Requests the answers about instances again. Only those on the screen. */
export function askAgainAbout(queries: QueryClient, names: readonly string[]): void {
  for (const name of names) void queries.invalidateQueries({ queryKey: ['instances', name] });
}
