import type { FinishedRequest, Requests } from '@llamactl/client';
import { useEffect, useState } from 'react';
import { useApp } from '../../lib/app.ts';

const NONE: ReadonlyMap<string, FinishedRequest> = new Map();

/**
 * Returns requests whose end a frame has reported, by id, while the newest answer still has them in flight: an answer may be older
 * than the frame, also one of a server that has just replaced another.
 */
export function useEnded(newest: Requests | undefined): ReadonlyMap<string, FinishedRequest> {
  const { feed } = useApp();
  const [ended, setEnded] = useState(NONE);
  useEffect(() => {
    const endWish = feed.want({ types: ['request_finished'] });
    const endListening = feed.listen((frame) => {
      if (frame.type !== 'request_finished') return;
      const { data } = frame;
      setEnded((before) => (before.has(data.id) ? before : new Map([...before, [data.id, data]])));
    });
    return () => {
      endListening();
      endWish();
    };
  }, [feed]);
  // Frames of requests that no answer has in flight are not needed; most are so short.
  useEffect(() => {
    const inFlight = new Set(newest?.in_flight.map(({ id }) => id));
    setEnded((before) => ([...before.keys()].every((id) => inFlight.has(id)) ? before : keptOf(before, inFlight)));
  }, [newest]);
  return ended;
}

function keptOf(ended: ReadonlyMap<string, FinishedRequest>, inFlight: ReadonlySet<string>) {
  return new Map([...ended].filter(([id]) => inFlight.has(id)));
}

/** Moves requests that have ended from those in flight to the finished ones. @param shows Whether the filters let a finished one pass. */
export function withEnded(
  newest: Requests,
  ended: ReadonlyMap<string, FinishedRequest>,
  shows: (request: FinishedRequest) => boolean,
): Requests {
  const over = newest.in_flight.flatMap(({ id }) => ended.get(id) ?? []);
  if (over.length === 0) return newest;
  const known = new Set(newest.finished.map(({ id }) => id));
  return {
    ...newest,
    in_flight: newest.in_flight.filter(({ id }) => !ended.has(id)),
    finished: [...over.filter((request) => !known.has(request.id) && shows(request)), ...newest.finished],
  };
}
