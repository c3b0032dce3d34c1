import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useEffect, useMemo, useState } from 'react';
import type { ChartProps } from '../../components/chart-values.ts';
import { Chart } from '../../components/chart.tsx';
import { useApp } from '../../lib/app.ts';
import { useWords } from '../../lib/language.ts';
import { systemWords } from '../../words/system.ts';
import { axisCount, axisRate, LONG_QUEUE, type ChartWindow } from '../instance/chart-window.ts';
import { continuedFleet, type FleetSample } from './live-fleet.ts';
import { HISTORY_MS, isRecent } from './live-history.ts';
import { fleetSeries } from './system-series.ts';

/** Steps of the history of all instances. */
const POINTS = 120;
const THIRD = 'broad:col-span-2';

/** Tokens, requests and queues of all instances together. */
export function FleetCharts({ window, range, cursor }: Pick<ChartProps, 'range' | 'cursor'> & { window: ChartWindow }) {
  const names = useWords(systemWords).charts;
  const { client } = useApp();
  const query = useQuery({
    queryKey: ['system', 'fleet stats', window],
    queryFn: ({ signal }) => client.getFleetStats({ window, points: POINTS, signal }),
    placeholderData: keepPreviousData,
    refetchInterval: HISTORY_MS,
    refetchIntervalInBackground: true,
  });
  const samples = useFleetSamples();
  const { data: stats } = query;
  const history = useMemo(() => (stats === undefined ? null : fleetSeries(stats)), [stats]);
  const series = useMemo(
    () => (stats === undefined || history === null ? null : continuedFleet(stats, history, samples)),
    [stats, history, samples],
  );
  const tokens = useMemo(() => [{ name: names.tokens, values: series?.tokens ?? [] }], [names, series]);
  const requests = useMemo(() => [{ name: names.requests, values: series?.requests ?? [] }], [names, series]);
  const waiting = useMemo(() => [{ name: names.waiting, values: series?.waiting ?? [] }], [names, series]);
  if (series === null) return null;
  const shared = { times: series.at, range, cursor };
  return (
    <>
      <Chart {...shared} className={THIRD} title={names.tokens} series={tokens} format={axisRate} top={1} />
      <Chart {...shared} className={THIRD} title={names.requests} series={requests} format={axisRate} top={1} />
      <Chart
        {...shared}
        className={THIRD}
        title={names.waiting}
        series={waiting}
        format={axisCount}
        top={2}
        badFrom={LONG_QUEUE}
      />
    </>
  );
}

/** Figures of all instances that came since the page was opened, oldest first. */
function useFleetSamples(): readonly FleetSample[] {
  const { feed, rows } = useApp();
  const [samples, setSamples] = useState<readonly FleetSample[]>([]);
  useEffect(() => {
    let ended = 0;
    const endWish = feed.want({ types: ['request_finished'] });
    const endListening = feed.listen(({ type }) => {
      if (type === 'request_finished') ended += 1;
      if (type !== 'system_stats_updated') return;
      const all = rows.all();
      const sample: FleetSample = {
        at: Date.now() / 1_000,
        tokens: all.reduce((sum, row) => sum + row.tokens_per_second, 0),
        waiting: all.reduce((sum, row) => sum + row.waiting, 0),
        ended,
      };
      ended = 0;
      setSamples((before) => [...before.filter(({ at }) => isRecent(at * 1_000)), sample]);
    });
    return () => {
      endWish();
      endListening();
    };
  }, [feed, rows]);
  return samples;
}
