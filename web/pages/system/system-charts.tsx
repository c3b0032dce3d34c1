import { keepPreviousData, useQuery } from '@tanstack/react-query';
import type { Resources, SystemStats, SystemStatsPoint } from '@llamactl/client';
import { useEffect, useMemo, useState } from 'react';
import { bytes, percent } from '../../../format/figures.ts';
import type { ChartCursor, ChartProps } from '../../components/chart-values.ts';
import { Chart } from '../../components/chart.tsx';
import { Panel } from '../../components/panel.tsx';
import { QueryPart } from '../../components/query-part.tsx';
import { Segmented } from '../../components/segmented.tsx';
import { useApp } from '../../lib/app.ts';
import { keep, kept, oneOf } from '../../lib/browser-storage.ts';
import { useWords } from '../../lib/language.ts';
import { useNow } from '../../lib/now.ts';
import { ValueStore } from '../../lib/value-store.ts';
import { systemWords } from '../../words/system.ts';
import { WINDOW_SECONDS, WINDOWS, type ChartWindow } from '../instance/chart-series.ts';
import { fleetSeries, systemSeries } from './system-series.ts';

/** Steps of the history of all instances. */
const POINTS = 120;
/** Seconds between two moves of the time axis. */
const MOVE_SECONDS = 2;
/** Live points that are kept: half an hour of the usual interval. */
const MOST_LIVE = 900;
const THIRD = 'broad:col-span-2';
/** Charts with a line for each GPU need room for all names. */
const HALF = 'broad:col-span-3';

/** Charts of the machine and of all instances, with a shared cursor. */
export function SystemCharts() {
  const words = useWords(systemWords);
  const { client } = useApp();
  const [window, setWindow] = useState<ChartWindow>(() => kept('charts.window', oneOf(...WINDOWS)) ?? '15m');
  useEffect(() => keep('charts.window', window), [window]);
  const machine = useQuery({
    queryKey: ['system', 'stats', window],
    queryFn: ({ signal }) => client.getSystemStats({ window, signal }),
    placeholderData: keepPreviousData,
  });
  return (
    <Panel
      title={words.history}
      actions={
        <Segmented
          label={words.window}
          value={window}
          choices={WINDOWS.map((value) => ({ value, label: words.windows[value] }))}
          onChoose={setWindow}
        />
      }
    >
      <QueryPart query={machine}>{(stats) => <Charts stats={stats} window={window} />}</QueryPart>
    </Panel>
  );
}

function Charts({ stats, window }: { stats: SystemStats; window: ChartWindow }) {
  const words = useWords(systemWords);
  const names = words.charts;
  const [cursor] = useState<ChartCursor>(() => new ValueStore<number | null>(null));
  const live = useLivePoints(stats.interval);
  const series = useMemo(() => {
    const end = Date.parse(stats.points.at(-1)?.timestamp ?? '1970-01-01T00:00:00Z');
    return systemSeries([...stats.points, ...live.filter(({ timestamp }) => Date.parse(timestamp) > end)]);
  }, [stats, live]);
  const now = useNow(MOVE_SECONDS) / 1_000;
  const range = useMemo(() => [now - WINDOW_SECONDS[window], now] as const, [now, window]);
  const cpu = useMemo(() => [{ name: names.cpu, values: series.cpu }], [names, series]);
  const memory = useMemo(() => [{ name: names.memory, values: series.memory }], [names, series]);
  const disk = useMemo(() => [{ name: names.disk, values: series.disk }], [names, series]);
  const shared: Pick<ChartProps, 'times' | 'range' | 'cursor'> = { times: series.at, range, cursor };
  if (series.at.length === 0) return <p className="py-6 text-center text-mute">{words.noHistory}</p>;
  return (
    <div className="grid gap-x-8 gap-y-4 broad:grid-cols-6">
      <Chart {...shared} className={THIRD} title={names.cpu} series={cpu} format={percent} top={10} />
      <Chart {...shared} className={THIRD} title={names.memory} series={memory} format={bytes} top={1_000_000_000} />
      <Chart {...shared} className={THIRD} title={names.disk} series={disk} format={percent} top={10} badFrom={95} />
      {series.gpuMemory.length > 0 && (
        <Chart
          {...shared}
          className={HALF}
          title={names.gpuMemory}
          series={series.gpuMemory}
          format={bytes}
          top={1_000_000_000}
        />
      )}
      {series.gpuLoad.length > 0 && (
        <Chart {...shared} className={HALF} title={names.gpuLoad} series={series.gpuLoad} format={percent} top={10} />
      )}
      <FleetCharts {...{ window, range, cursor }} />
    </div>
  );
}

function FleetCharts({ window, range, cursor }: Pick<ChartProps, 'range' | 'cursor'> & { window: ChartWindow }) {
  const names = useWords(systemWords).charts;
  const { client } = useApp();
  const query = useQuery({
    queryKey: ['system', 'fleet stats', window],
    queryFn: ({ signal }) => client.getFleetStats({ window, points: POINTS, signal }),
    placeholderData: keepPreviousData,
  });
  const series = useMemo(() => (query.data === undefined ? null : fleetSeries(query.data)), [query.data]);
  const tokens = useMemo(() => [{ name: names.tokens, values: series?.tokens ?? [] }], [names, series]);
  const requests = useMemo(() => [{ name: names.requests, values: series?.requests ?? [] }], [names, series]);
  const waiting = useMemo(() => [{ name: names.waiting, values: series?.waiting ?? [] }], [names, series]);
  if (series === null) return null;
  const shared = { times: series.at, range, cursor };
  return (
    <>
      <Chart {...shared} className={THIRD} title={names.tokens} series={tokens} format={figure} top={1} />
      <Chart {...shared} className={THIRD} title={names.requests} series={requests} format={figure} top={1} />
      <Chart {...shared} className={THIRD} title={names.waiting} series={waiting} format={whole} top={2} badFrom={10} />
    </>
  );
}

/** Points of the machine that came since the page was opened, oldest first. @param seconds Their interval. */
function useLivePoints(seconds: number): readonly SystemStatsPoint[] {
  const { feed } = useApp();
  const [points, setPoints] = useState<readonly SystemStatsPoint[]>([]);
  useEffect(
    () =>
      feed.listen((frame) => {
        if (frame.type !== 'system_stats_updated') return;
        const point = pointOf(frame.data.resources, seconds);
        setPoints((before) => [...before, point].slice(-MOST_LIVE));
      }),
    [feed, seconds],
  );
  return points;
}

function pointOf(resources: Resources, seconds: number): SystemStatsPoint {
  const { cpu_usage, memory_usage, disk_usage, gpus } = resources;
  return { timestamp: new Date().toISOString(), seconds, cpu_usage, memory_usage, disk_usage, gpus };
}

function figure(value: number): string {
  return value > 0 && value < 10 ? value.toFixed(1) : String(Math.round(value));
}

function whole(value: number): string {
  return Number.isInteger(value) ? String(value) : '';
}
