import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { useApp } from '../../lib/app.ts';
import type { Figures } from './chart-series.ts';

/** Most figures that are kept until the history is requested again: ten minutes of the usual interval. */
const MOST = 300;
/** Milliseconds after the end of a request until its figures are requested: they are those of whole steps. */
const SETTLE_MS = 5_000;

/**
 * Returns the figures of an instance that came since the page was opened, oldest first. Requests the history again after
 * requests have ended, because only the history knows their times.
 */
export function useLiveFigures(name: string): readonly Figures[] {
  const { feed, rows } = useApp();
  const queries = useQueryClient();
  const [figures, setFigures] = useState<readonly Figures[]>([]);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let inFlight = rows.row(name)?.in_flight ?? 0;
    const end = feed.listen((frame) => {
      if (frame.type === 'instance_stats_updated' && frame.data.name === name) {
        const { stats } = frame.data;
        const row = rows.row(name);
        const now: Figures = {
          at: Date.now() / 1_000,
          memory: stats.memory_usage,
          gpuMemory: stats.gpu_memory_usage,
          cpu: stats.cpu_usage,
          tokens: row?.tokens_per_second ?? null,
          firstToken: null,
          firstTokenHigh: null,
          waiting: row?.waiting ?? null,
        };
        setFigures((before) => [...before, now].slice(-MOST));
      }
      if (frame.type !== 'requests_updated' || frame.data.name !== name) return;
      const hasEnded = frame.data.in_flight < inFlight;
      inFlight = frame.data.in_flight;
      if (!hasEnded) return;
      timer ??= setTimeout(() => {
        timer = undefined;
        void queries.invalidateQueries({ queryKey: ['instances', name, 'stats'] });
      }, SETTLE_MS);
    });
    return () => {
      end();
      clearTimeout(timer);
    };
  }, [feed, rows, queries, name]);
  return figures;
}
