import { infiniteQueryOptions, useQuery } from '@tanstack/react-query';
import type { Client, Events, Frame, PastEvent } from '@llamactl/client';
import { useEffect, useMemo, useState } from 'react';
import { useApp } from '../../lib/app.ts';

/** An event about one instance. */
export type InstanceEvent = Exclude<PastEvent, { type: 'download_progress' }>;

const PAGE = 100;
/** Most changes of its status that the log shows between its lines. */
const MOST_CHANGES = 500;
/** Most new events that are kept besides the pages. */
const MOST_NEW = 1_000;

/** The kept events of an instance, page by page, newest first. */
export const eventsQuery = (client: Client, name: string) =>
  infiniteQueryOptions({
    // Not below `instances`, whose answers are asked for again with each event.
    queryKey: ['events', name],
    queryFn: ({ pageParam, signal }) =>
      client.listEvents({ instance: name, limit: PAGE, before_seq: pageParam, signal }),
    initialPageParam: undefined as number | undefined,
    getNextPageParam: ({ events, more }) => (more ? events.at(-1)?.seq : undefined),
    // New events come by themselves while the part is open; it asks again when it is opened again.
    staleTime: 0,
  });

/** Returns the events of an instance that come while the part is open, oldest first. */
export function useNewEvents(name: string): readonly InstanceEvent[] {
  const { feed } = useApp();
  const [events, setEvents] = useState<readonly InstanceEvent[]>([]);
  useEffect(() => {
    setEvents([]);
    return feed.listen((frame) => {
      if (isOf(frame, name)) setEvents((before) => [...before, frame].slice(-MOST_NEW));
    });
  }, [feed, name]);
  return events;
}

/** Returns the last changes of the status of an instance, and new events as they come, newest first. */
export function useStatusEvents(name: string): readonly InstanceEvent[] {
  const { client } = useApp();
  const fresh = useNewEvents(name);
  const { data } = useQuery({
    queryKey: ['events', name, 'status'],
    queryFn: ({ signal }) =>
      client.listEvents({ instance: name, type: 'instance_status_changed', limit: MOST_CHANGES, signal }),
    staleTime: 0,
  });
  return useMemo(() => mergedEvents(data === undefined ? [] : [data], fresh), [data, fresh]);
}

/**
 * Joins the pages with newer events, each event once, newest first.
 *
 * @param fresh oldest first
 */
export function mergedEvents(pages: readonly Events[], fresh: readonly InstanceEvent[]): InstanceEvent[] {
  const known = pages.flatMap(({ events }) => events).filter((event) => event.type !== 'download_progress');
  const newest = known[0]?.seq ?? 0;
  return [...fresh.filter(({ seq }) => seq > newest).toReversed(), ...known];
}

function isOf(frame: Frame, name: string): frame is InstanceEvent {
  switch (frame.type) {
    case 'instance_status_changed':
    case 'instance_start_refused':
    case 'instance_created':
    case 'instance_updated':
    case 'instance_deleted':
      return frame.data.name.toLowerCase() === name.toLowerCase();
    case 'system_alert':
      return frame.data.instance?.toLowerCase() === name.toLowerCase();
    default:
      return false;
  }
}
