import { keepPreviousData, useQuery } from '@tanstack/react-query';
import type { Resources, SystemStats, SystemStatsPoint } from '@llamactl/client';
import { useEffect, useMemo, useState } from 'react';
import { MEMORY_STEPS, memoryText, percent } from '../../lib/figures.ts';
import type { ChartProps } from '../../components/chart-values.ts';
import { Chart } from '../../components/chart.tsx';
import { Panel } from '../../components/panel.tsx';
import { QueryPart } from '../../components/query-part.tsx';
import { Segmented } from '../../components/segmented.tsx';
import { useApp } from '../../lib/app.ts';
import { useWords } from '../../lib/language.ts';
import { systemWords } from '../../words/system.ts';
import { useChartCursor, useChartRange, useChartWindow, WINDOWS, type ChartWindow } from '../instance/chart-window.ts';
import { FleetCharts } from './fleet-charts.tsx';
import { GpuCharts } from './gpu-charts.tsx';
import { HISTORY_MS, isRecent } from './live-history.ts';
import { systemSeries } from './system-series.ts';

const THIRD = 'broad:col-span-2';

/** Charts of the machine and of all instances, with a shared cursor. */
export function SystemCharts() {
  const words = useWords(systemWords);
  const { client } = useApp();
  const [window, setWindow] = useChartWindow();
  const machine = useQuery({
    queryKey: ['system', 'stats', window],
    queryFn: ({ signal }) => client.getSystemStats({ window, signal }),
    placeholderData: keepPreviousData,
    refetchInterval: HISTORY_MS,
    refetchIntervalInBackground: true,
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
  const cursor = useChartCursor();
  const live = useLivePoints(stats.interval);
  const series = useMemo(() => {
    const end = Date.parse(stats.points.at(-1)?.timestamp ?? '1970-01-01T00:00:00Z');
    return systemSeries([...stats.points, ...live.filter(({ timestamp }) => Date.parse(timestamp) > end)]);
  }, [stats, live]);
  const range = useChartRange(window);
  const cpu = useMemo(() => [{ name: names.cpu, values: series.cpu }], [names, series]);
  const memory = useMemo(() => [{ name: names.memory, values: series.memory }], [names, series]);
  const disk = useMemo(() => [{ name: names.disk, values: series.disk }], [names, series]);
  const shared: Pick<ChartProps, 'times' | 'range' | 'cursor'> = { times: series.at, range, cursor };
  if (series.at.length === 0) return <p className="py-6 text-center text-mute">{words.noHistory}</p>;
  return (
    <div className="grid gap-x-8 gap-y-4 broad:grid-cols-6">
      <Chart {...shared} className={THIRD} title={names.cpu} series={cpu} format={percent} top={10} />
      <Chart
        {...shared}
        className={THIRD}
        title={names.memory}
        series={memory}
        format={memoryText}
        steps={MEMORY_STEPS}
        top={2 ** 30}
      />
      <Chart {...shared} className={THIRD} title={names.disk} series={disk} format={percent} top={10} badFrom={95} />
      <GpuCharts {...shared} series={series} />
      <FleetCharts {...{ window, range, cursor }} />
    </div>
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
        setPoints((before) => [...before.filter(({ timestamp }) => isRecent(Date.parse(timestamp))), point]);
      }),
    [feed, seconds],
  );
  return points;
}

function pointOf(resources: Resources, seconds: number): SystemStatsPoint {
  const { cpu_usage, memory_usage, disk_usage, gpus } = resources;
  return { timestamp: new Date().toISOString(), seconds, cpu_usage, memory_usage, disk_usage, gpus };
}
