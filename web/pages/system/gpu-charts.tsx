import { useMemo } from 'react';
import { MEMORY_STEPS, memoryText, percent } from '../../lib/figures.ts';
import type { ChartProps } from '../../components/chart-values.ts';
import { Chart } from '../../components/chart.tsx';
import { useWords } from '../../lib/language.ts';
import { useResources } from '../../lib/live/live-hooks.ts';
import { systemWords } from '../../words/system.ts';
import { gpuShareSeries, type SystemSeries } from './system-series.ts';

/** Most lines that colours tell apart. With more GPUs, each has a chart of its own. */
const MOST_LINES = 4;
const HALF = 'broad:col-span-3';
/** Pixels. */
const LOW = 96;

type GpuChartsProps = Pick<ChartProps, 'times' | 'range' | 'cursor'> & { series: SystemSeries };

/** Memory and load of the GPUs over time. */
export function GpuCharts({ series, ...shared }: GpuChartsProps) {
  const names = useWords(systemWords).charts;
  const { gpuMemory, gpuLoad } = series;
  if (Math.max(gpuMemory.length, gpuLoad.length) > MOST_LINES) return <ChartForEach {...shared} series={series} />;
  return (
    <>
      {gpuMemory.length > 0 && (
        <Chart
          {...shared}
          className={HALF}
          title={names.gpuMemory}
          series={gpuMemory}
          format={memoryText}
          steps={MEMORY_STEPS}
          top={2 ** 30}
        />
      )}
      {gpuLoad.length > 0 && (
        <Chart {...shared} className={HALF} title={names.gpuLoad} series={gpuLoad} format={percent} top={10} />
      )}
    </>
  );
}

/** A small chart for each GPU, all with the same scale, so that they can be compared. */
function ChartForEach({ series, ...shared }: GpuChartsProps) {
  const words = useWords(systemWords);
  const resources = useResources();
  const totals = useMemo(
    () => new Map((resources?.gpus ?? []).map(({ index, memory_total: total }) => [index, total])),
    [resources],
  );
  const gpus = useMemo(() => gpuShareSeries(series, totals, words.gpuLines), [series, totals, words]);
  return (
    <section aria-label={words.charts.gpus} className="broad:col-span-6">
      <h3 className="mb-3 border-t border-line pt-4 font-strong">{words.charts.gpus}</h3>
      <div className="grid gap-x-8 gap-y-3 wide:grid-cols-2 broad:grid-cols-4">
        {gpus.map(({ name, lines }) => (
          <Chart
            {...shared}
            key={name}
            title={name}
            series={lines}
            format={wholePercent}
            top={100}
            height={LOW}
            isNameless
          />
        ))}
      </div>
    </section>
  );
}

/** The head of a small chart has no room for decimals. */
function wholePercent(value: number): string {
  return `${Math.round(value)} %`;
}
