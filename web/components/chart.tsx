import { lazy, Suspense, useId, useMemo, useState, type ComponentType, type KeyboardEvent } from 'react';
import { clockTime } from '../../format/clock-time.ts';
import { classNames } from '../lib/class-names.ts';
import { useWords } from '../lib/language.ts';
import { useStored } from '../lib/value-store.ts';
import { chartWords } from '../words/chart.ts';
import type { ChartCanvasProps } from './chart-canvas.tsx';
import { currentOf, extremesOf, nearestIndex, steppedIndex, type ChartProps } from './chart-values.ts';
import { Table, Td, Th, Tr } from './table.tsx';

/** Pixels. */
const HEIGHT = 132;
/** Head, canvas and table of all charts of a row stand at the same heights. */
const ROWS = 'row-span-3 grid grid-rows-subgrid gap-y-0';

// The library of charts comes with the first chart.
const ChartCanvas = lazy(drawing);

/** Loads the drawing. If it does not come, as while the server is gone, the page stays, with the values in words and as a table. */
async function drawing(): Promise<{ default: ComponentType<ChartCanvasProps> }> {
  try {
    return await import('./chart-canvas.tsx');
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return { default: () => null };
  }
}

/** Values over time: lines with a shared cursor, the same in words, and as a table. */
export function Chart(props: ChartProps) {
  const { title, times, series, range, format, cursor, height = HEIGHT, className } = props;
  const words = useWords(chartWords);
  const id = useId();
  const [hasFocus, setFocus] = useState(false);
  const extremes = useMemo(() => series.map(({ values }) => extremesOf(values)), [series]);
  const isEmpty = extremes.every((each) => each === null);
  const label = `${title}. ${series
    .flatMap(({ name }, at) => {
      const each = extremes[at];
      if (each === null || each === undefined) return [];
      const now = currentOf(times, series[at]?.values ?? [], range[1]);
      const [highest, lowest] = [format(each.highest), format(each.lowest)];
      return now === null ? words.past(name, highest, lowest) : words.summary(name, format(now), highest, lowest);
    })
    .join('. ')}`;
  const move = (event: KeyboardEvent): void => {
    const step = ({ ArrowRight: 1, ArrowLeft: -1 } as const)[event.key];
    if (event.key === 'Escape') cursor.set(null);
    if (step === undefined) return;
    event.preventDefault();
    const moment = cursor.get();
    const from = moment === null ? (step === 1 ? -1 : times.length) : nearestIndex(times, moment);
    const next = steppedIndex(series, from, step, times.length);
    if (next !== null) cursor.set(times[next] ?? null);
  };
  return (
    <section aria-labelledby={id} className={classNames('min-w-0', ROWS, className)}>
      <div className="flex min-h-5 items-start gap-3">
        <h3 id={id} className="shrink-0 font-strong">
          {title}
        </h3>
        <Readout {...{ times, series, range, format, cursor, isLive: hasFocus }} />
      </div>
      {isEmpty ? (
        <p style={{ height }} className="flex items-center justify-center text-mute">
          {words.none}
        </p>
      ) : (
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- its arrow keys move the cursor
        <div
          role="group"
          aria-label={`${title}. ${words.keys}`}
          // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- its arrow keys move the cursor
          tabIndex={0}
          onKeyDown={move}
          onFocus={() => setFocus(true)}
          onBlur={() => {
            setFocus(false);
            cursor.set(null);
          }}
          style={{ height }}
          className="relative mt-1 rounded-control"
        >
          <Suspense>
            <ChartCanvas {...props} label={label} height={height} />
          </Suspense>
        </div>
      )}
      {!isEmpty && <AsTable {...{ title, times, series, format }} />}
    </section>
  );
}

type ReadoutProps = Pick<ChartProps, 'times' | 'series' | 'range' | 'format' | 'cursor'> & {
  /** Whether screen readers say each change. */
  isLive: boolean;
};

/** The values at the cursor; without one, those of now. A line that ended before shows only its highest value. */
function Readout({ times, series, range, format, cursor, isLive }: ReadoutProps) {
  const words = useWords(chartWords);
  const moment = useStored(cursor);
  const at = moment === null ? -1 : nearestIndex(times, moment);
  const time = times[at];
  const parts = series.flatMap(({ name, values }, index) => {
    const extremes = extremesOf(values);
    const value = (at === -1 ? currentOf(times, values, range[1]) : values[at]) ?? null;
    if (extremes === null || (value === null && at !== -1)) return [];
    const hasHighest = at === -1 && (value === null || (series.length === 1 && extremes.highest > value));
    return [
      <span key={name} className="inline-flex items-center gap-1">
        {series.length > 1 && (
          <>
            <span
              aria-hidden
              className={classNames(
                'h-0.5 w-2.5 rounded-full forced-color-adjust-none',
                SWATCHES[index % SWATCHES.length],
              )}
            />
            <span className="text-mute">{name}</span>
          </>
        )}
        {value !== null && format(value)}
        {hasHighest && <span className="text-mute">{words.highest(format(extremes.highest))}</span>}
      </span>,
    ];
  });
  return (
    <p
      aria-live={isLive ? 'polite' : 'off'}
      className="figures flex min-w-0 grow flex-wrap justify-end gap-x-3 text-right"
    >
      {time !== undefined && <span className="text-mute">{clockTime(time * 1_000, Date.now())}</span>}
      {parts}
    </p>
  );
}

const SWATCHES = ['bg-chart-1', 'bg-chart-2', 'bg-chart-3', 'bg-chart-4'] as const;

/** The same values as text, made only when they are wanted. Newest first. */
function AsTable({ title, times, series, format }: Pick<ChartProps, 'title' | 'times' | 'series' | 'format'>) {
  const words = useWords(chartWords);
  const [isOpen, setOpen] = useState(false);
  return (
    <details onToggle={({ currentTarget }) => setOpen(currentTarget.open)} className="text-mute">
      <summary className="inline-flex min-h-6 items-center rounded-control text-label hover:text-ink">
        {words.asTable}
      </summary>
      {isOpen && (
        <div className="max-h-64 overflow-y-auto text-ink">
          <Table
            label={title}
            head={
              <>
                <Th>{words.time}</Th>
                {series.map(({ name }) => (
                  <Th key={name} isNumber>
                    {name}
                  </Th>
                ))}
              </>
            }
          >
            {times
              .map((time, at) => (
                <Tr key={time}>
                  <Td className="figures">{clockTime(time * 1_000, Date.now())}</Td>
                  {series.map(({ name, values }) => {
                    const value = values[at];
                    return (
                      <Td key={name} isNumber>
                        {value === null || value === undefined ? '–' : format(value)}
                      </Td>
                    );
                  })}
                </Tr>
              ))
              .filter((_, at) => series.some(({ values }) => typeof values[at] === 'number'))
              .toReversed()}
          </Table>
        </div>
      )}
    </details>
  );
}
