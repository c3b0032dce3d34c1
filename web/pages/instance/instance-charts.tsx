import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { MEMORY_STEPS, memoryText, number, percent } from '../../lib/figures.ts';
import { Chart } from '../../components/chart.tsx';
import type { ChartProps } from '../../components/chart-values.ts';
import { Panel } from '../../components/panel.tsx';
import { QueryPart } from '../../components/query-part.tsx';
import { Segmented } from '../../components/segmented.tsx';
import { SkeletonRows } from '../../components/skeleton.tsx';
import { useApp } from '../../lib/app.ts';
import { useWords } from '../../lib/language.ts';
import { instanceWords } from '../../words/instance.ts';
import { figureLists } from './chart-series.ts';
import {
  axisCount,
  axisRate,
  LONG_QUEUE,
  useChartCursor,
  useChartRange,
  useChartWindow,
  WINDOWS,
  type ChartWindow,
} from './chart-window.ts';
import { useLiveFigures } from './live-figures.ts';

/** Seconds to the first token from which the wait is bad. */
const LONG_WAIT = 10;

/** Charts of one instance with a shared cursor: memory, processors, tokens, first tokens, and the queue. */
export function InstanceCharts({ name }: { name: string }) {
  const words = useWords(instanceWords).charts;
  const { client } = useApp();
  const [window, setWindow] = useChartWindow();
  const query = useQuery({
    queryKey: ['instances', name, 'stats', window],
    queryFn: ({ signal }) => client.getInstanceStats(name, { window, signal }),
    placeholderData: keepPreviousData,
  });
  return (
    <Panel
      title={words.title}
      actions={
        <Segmented
          label={words.window}
          value={window}
          choices={WINDOWS.map((value) => ({ value, label: words.windows[value] }))}
          onChoose={setWindow}
        />
      }
    >
      <QueryPart query={query} skeleton={<SkeletonRows />}>
        {({ points, interval }) => <Charts {...{ name, points, interval, window }} />}
      </QueryPart>
    </Panel>
  );
}

type HistoryPoints = Parameters<typeof figureLists>[0];

function Charts({
  name,
  points,
  interval,
  window,
}: {
  name: string;
  points: HistoryPoints;
  interval: number;
  window: ChartWindow;
}) {
  const words = useWords(instanceWords).charts;
  const cursor = useChartCursor();
  const live = useLiveFigures(name);
  const lists = useMemo(() => figureLists(points, live, interval), [points, live, interval]);
  const range = useChartRange(window);
  const hasGpu = lists.gpuMemory.some((value) => value !== null);
  const memory = useMemo(
    () => [
      { name: words.ram, values: lists.memory },
      ...(hasGpu ? [{ name: words.gpu, values: lists.gpuMemory }] : []),
    ],
    [words, lists, hasGpu],
  );
  const cpu = useMemo(() => [{ name: words.cpu, values: lists.cpu }], [words, lists]);
  const tokens = useMemo(() => [{ name: words.tokens, values: lists.tokens }], [words, lists]);
  const first = useMemo(
    () => [
      { name: 'p50', values: lists.firstToken },
      { name: 'p95', values: lists.firstTokenHigh },
    ],
    [lists],
  );
  const queue = useMemo(() => [{ name: words.queue, values: lists.waiting }], [words, lists]);
  const shared: Pick<ChartProps, 'times' | 'range' | 'cursor'> = { times: lists.at, range, cursor };
  if (lists.at.length === 0) return <p className="py-6 text-center text-mute">{words.none}</p>;
  return (
    <div className="grid gap-x-8 gap-y-4 broad:grid-cols-6">
      <Chart
        {...shared}
        className="broad:col-span-2"
        title={words.memory}
        series={memory}
        format={memoryText}
        steps={MEMORY_STEPS}
        top={2 ** 20}
      />
      <Chart {...shared} className="broad:col-span-2" title={words.cpu} series={cpu} format={percent} top={10} />
      <Chart {...shared} className="broad:col-span-2" title={words.tokens} series={tokens} format={axisRate} top={1} />
      <Chart
        {...shared}
        className="broad:col-span-3"
        title={words.firstToken}
        series={first}
        format={secondsText}
        top={0.1}
        badFrom={LONG_WAIT}
      />
      <Chart
        {...shared}
        className="broad:col-span-3"
        title={words.queue}
        series={queue}
        format={axisCount}
        top={2}
        badFrom={LONG_QUEUE}
      />
    </div>
  );
}

function secondsText(value: number): string {
  return value === 0 ? '0 s' : `${number(value, value < 1 ? 2 : 1)} s`;
}
