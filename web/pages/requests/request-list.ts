import type { Client, FinishedRequest, Requests } from '@llamactl/client';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useEffect, useMemo, useState } from 'react';
import { useApp, useMay } from '../../lib/app.ts';
import { secondsOf, type SeenRequest } from './course.ts';
import { useEnded, withEnded } from './ended-requests.ts';
import type { RequestsSearch } from './requests-search.ts';

/** Finished requests of one answer. */
const PAGE = 100;
/** Between two looks at requests in flight, whose tokens grow. */
const LOOK_MS = 3_000;
/** Between two looks at refused requests, of which no frame tells. Only while the page is visible. */
const REFUSED_LOOK_MS = 10_000;
/** Frames within this time lead to one look. */
const GATHER_MS = 500;

type Filters = Omit<RequestsSearch, 'open'>;

/** Requests as the page shows them. */
export interface SeenRequests {
  /** Those in flight first, then the finished ones. Both begin with the latest start; `null`: not loaded yet. */
  requests: readonly SeenRequest[] | null;
  active: number;
  error: Error | null;
  retry: () => void;
  /** Loads older ones; `null`: there are none. */
  loadOlder: (() => void) | null;
  isLoadingOlder: boolean;
}

/** Reads the requests that match, and follows them. */
export function useRequests(filters: Filters): SeenRequests {
  const { client, feed, queries } = useApp();
  const hasRefused = useMay('operator') && filters.instance === undefined;
  const key = useMemo(() => ['requests', filters], [filters]);
  const newest = useQuery({
    queryKey: key,
    queryFn: ({ signal }) => client.listRequests({ ...asked(filters), finished: PAGE, signal }),
    refetchInterval: ({ state }) =>
      (state.data?.in_flight.length ?? 0) > 0 ? LOOK_MS : hasRefused ? REFUSED_LOOK_MS : false,
    staleTime: 0,
  });
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const end = feed.listen(({ type }) => {
      if (type !== 'requests_updated' && type !== 'gap') return;
      timer ??= setTimeout(() => {
        timer = undefined;
        void queries.invalidateQueries({ queryKey: key, exact: true });
      }, GATHER_MS);
    });
    return () => {
      end();
      clearTimeout(timer);
    };
  }, [feed, queries, key]);
  const ended = useEnded(newest.data);
  const data = useMemo(
    () => newest.data && withEnded(newest.data, ended, (request) => passes(request, filters)),
    [newest.data, ended, filters],
  );
  const older = useOlder(client, filters, newest.data);
  const known = useKnown(key, data, older.pages);
  const requests = data === undefined ? null : [...data.in_flight.toReversed(), ...known];
  return {
    requests,
    active: data?.in_flight.length ?? 0,
    error: newest.data === undefined ? newest.error : null,
    retry: () => void newest.refetch(),
    loadOlder: older.load,
    isLoadingOlder: older.isLoading,
  };
}

/** Pages before the first answer of this visit. They never change, so they are asked for once. */
function useOlder(client: Client, filters: Filters, newest: Requests | undefined) {
  const [start, setStart] = useState<{ filters: Filters; before: number } | null>(null);
  const isOn = start !== null && start.filters === filters;
  const query = useInfiniteQuery({
    queryKey: ['requests older', filters, isOn ? start.before : 0],
    queryFn: ({ pageParam, signal }) =>
      client.listRequests({ ...asked(filters), finished: PAGE, before_seq: pageParam, signal }),
    initialPageParam: isOn ? start.before : 0,
    getNextPageParam: ({ more, finished }) => (more ? finished.at(-1)?.seq : undefined),
    enabled: isOn,
    staleTime: Infinity,
  });
  const last = newest?.finished.at(-1);
  const begin = newest?.more === true && last !== undefined ? () => setStart({ filters, before: last.seq }) : null;
  const next = query.hasNextPage ? () => void query.fetchNextPage() : null;
  return {
    pages: isOn ? query.data?.pages : undefined,
    load: isOn ? next : begin,
    isLoading: isOn && query.isFetching,
  };
}

/** All finished requests that any answer had, so that a request stays when newer ones push it out of the newest answer. */
function useKnown(
  key: readonly unknown[],
  newest: Requests | undefined,
  older: readonly Requests[] | undefined,
): readonly FinishedRequest[] {
  const [kept, setKept] = useState<{ key: readonly unknown[]; known: readonly FinishedRequest[] }>({ key, known: [] });
  const before = kept.key === key ? kept.known : [];
  const known = mergeFinished(before, [
    ...(newest?.finished ?? []),
    ...(older ?? []).flatMap(({ finished }) => finished),
  ]);
  if (known !== kept.known) setKept({ key, known });
  return known;
}

/** Adds finished requests to a list, the latest start first: that is the time that rows show. @returns The same list if nothing changed. */
export function mergeFinished(
  known: readonly FinishedRequest[],
  more: readonly FinishedRequest[],
): readonly FinishedRequest[] {
  const bySeq = new Map(known.map((request) => [request.seq, request]));
  let isChanged = false;
  for (const request of more) {
    const before = bySeq.get(request.seq);
    // The row of refused requests grows.
    if (before !== undefined && (before.count ?? 1) >= (request.count ?? 1)) continue;
    bySeq.set(request.seq, request);
    isChanged = true;
  }
  return isChanged
    ? [...bySeq.values()].toSorted(
        (one, other) => Date.parse(other.started_at) - Date.parse(one.started_at) || other.seq - one.seq,
      )
    : known;
}

/** Whether a request that was in the list still matches when it has ended. */
function passes(request: FinishedRequest, { outcome, slower }: Filters): boolean {
  if (outcome !== undefined && request.outcome !== outcome) return false;
  return slower === undefined || secondsOf(request, 0) > slower;
}

function asked({ instance, caller, outcome, slower }: Filters) {
  return {
    ...(instance === undefined ? {} : { instance }),
    ...(caller === undefined ? {} : { caller }),
    ...(outcome === undefined ? {} : { outcome }),
    ...(slower === undefined ? {} : { slower_than: slower }),
  };
}
