import { useEffect, useRef } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { isDark } from '../lib/theme.ts';
import { useStored } from '../lib/value-store.ts';
import { lonelyIndexes, nearestIndex, spreadPlaces, type ChartProps } from './chart-values.ts';

export interface ChartCanvasProps extends ChartProps {
  /** The values in words, for screen readers. */
  label: string;
  /** Pixels. */
  height: number;
}

/** Pixels of the screen. */
const NAME_GAP = 13;
const AXIS_WIDTH = 58;
/** Half of the last time below the axis, which stands over its end. */
const TIME_OVERHANG = 22;
const COLOURS = 4;

/** The drawing of a chart. A file of its own, because the library is large. */
export default function ChartCanvas(props: ChartCanvasProps) {
  const { times, series, range, label, height, cursor } = props;
  const dark = useStored(isDark);
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const isHovered = useRef(false);
  const latest = useRef(props);
  latest.current = props;
  const names = series.map(({ name }) => name).join('\n');

  useEffect(() => {
    const element = box.current;
    if (element === null) return undefined;
    const drawn = new uPlot(
      optionsOf({ latest: () => latest.current, element, isHovered: () => isHovered.current }),
      dataOf(latest.current),
      element,
    );
    plot.current = drawn;
    drawn.ctx.canvas.setAttribute('role', 'img');
    drawn.ctx.canvas.setAttribute('aria-label', latest.current.label);
    const observer = new ResizeObserver(() => {
      const { clientWidth: width } = element;
      if (width > 0 && width !== drawn.width) drawn.setSize({ width, height });
    });
    observer.observe(element);
    return () => {
      observer.disconnect();
      drawn.destroy();
      plot.current = null;
    };
  }, [names, dark, height]);

  useEffect(() => {
    plot.current?.setData(dataOf({ times, series }));
    plot.current?.ctx.canvas.setAttribute('aria-label', label);
  }, [times, series, range, label]);

  useEffect(() => {
    const show = (): void => {
      const moment = cursor.get();
      const { current: drawn } = plot;
      if (drawn === null || isHovered.current) return;
      const at = moment === null ? -1 : nearestIndex(latest.current.times, moment);
      const time = latest.current.times[at];
      const left = time === undefined ? -10 : drawn.valToPos(time, 'x');
      drawn.setCursor({ left, top: time === undefined ? -10 : 1 }, false);
    };
    return cursor.subscribe(show);
  }, [cursor]);

  return (
    <div
      ref={box}
      onPointerEnter={() => (isHovered.current = true)}
      onPointerLeave={() => {
        isHovered.current = false;
        cursor.set(null);
      }}
      className="absolute inset-0"
    />
  );
}

function dataOf({ times, series }: Pick<ChartProps, 'times' | 'series'>): uPlot.AlignedData {
  return [[...times], ...series.map(({ values }) => [...values])];
}

/** A colour of the page, by its variable. */
function colourOf(element: Element, name: string): string {
  return getComputedStyle(element).getPropertyValue(`--${name}`).trim();
}

interface Drawing {
  /** The newest properties: the drawing outlives a render. */
  latest: () => ChartCanvasProps;
  element: HTMLElement;
  /** Whether the pointer moves the cursor, instead of another chart. */
  isHovered: () => boolean;
}

function optionsOf({ latest, element, isHovered }: Drawing): uPlot.Options {
  const { series, height, steps, isNameless = false } = latest();
  const mute = colourOf(element, 'mute');
  const line = colourOf(element, 'line');
  const font = `11px ${getComputedStyle(element).fontFamily}`;
  const colours = series.map((_, at) => colourOf(element, `chart-${(at % COLOURS) + 1}`));
  const axis = { stroke: mute, font, grid: { stroke: line, width: 1 }, ticks: { show: false } };
  const names = series.length > 1 && !isNameless ? series.map(({ name }) => name) : [];
  return {
    width: Math.max(1, element.clientWidth),
    height,
    legend: { show: false },
    padding: [8, names.length === 0 ? TIME_OVERHANG : widthOf(names, font) + 10, 0, 0],
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 7, width: 1.5 } },
    scales: {
      x: { time: true, range: () => [...latest().range] },
      y: { range: (_, __, highest) => [0, Math.max(latest().top, (Number.isFinite(highest) ? highest : 0) * 1.08)] },
    },
    axes: [
      { ...axis, size: 22, gap: 4, space: 64, values: (_, splits) => splits.map((at) => timeText(at, latest().range)) },
      {
        ...axis,
        size: AXIS_WIDTH,
        gap: 6,
        space: 28,
        ...(steps !== undefined && { incrs: [...steps] }),
        values: (_, splits) => splits.map((value) => latest().format(value)),
      },
    ],
    series: [
      {},
      ...series.map(({ name }, at) => ({
        label: name,
        stroke: colours[at] ?? mute,
        width: 1.5,
        points: {
          show: true,
          size: 5,
          filter: (drawn: uPlot, line: number) => lonelyIndexes(drawn.data[line] ?? []),
        },
        ...(at < COLOURS ? {} : { dash: [4, 3] }),
        ...(series.length === 1 ? { fill: `${colours[at] ?? mute}1f` } : {}),
      })),
    ],
    hooks: {
      draw: [
        (drawn) => {
          hatch(drawn, latest(), colourOf(element, 'bad'));
          nameLines(drawn, names, colours, font);
        },
      ],
      setCursor: [
        (drawn) => {
          if (!isHovered()) return;
          const { idx: at } = drawn.cursor;
          latest().cursor.set(at === null || at === undefined ? null : (latest().times[at] ?? null));
        },
      ],
    },
  };
}

/** `14:05`; with seconds for short spans. */
function timeText(at: number, [from, to]: readonly [number, number]): string {
  const date = new Date(at * 1_000);
  const two = (number: number): string => String(number).padStart(2, '0');
  const seconds = to - from < 600 ? `:${two(date.getSeconds())}` : '';
  return `${two(date.getHours())}:${two(date.getMinutes())}${seconds}`;
}

function widthOf(names: readonly string[], font: string): number {
  const context = document.createElement('canvas').getContext('2d');
  if (context === null) return 0;
  context.font = font;
  return Math.ceil(Math.max(...names.map((name) => context.measureText(name).width)));
}

/** Writes the name of each line at its end. */
function nameLines(drawn: uPlot, names: readonly string[], colours: readonly string[], font: string): void {
  const { ctx, bbox } = drawn;
  const ratio = devicePixelRatio;
  const ends = names.flatMap((name, at) => {
    const value = lastOf(drawn.data[at + 1] ?? []);
    return value !== null ? [{ name, colour: colours[at] ?? '', y: drawn.valToPos(value, 'y', true) }] : [];
  });
  const places = spreadPlaces(
    ends.map(({ y }) => y),
    NAME_GAP * ratio,
    bbox.top + 4 * ratio,
    bbox.top + bbox.height - 4 * ratio,
  );
  ctx.save();
  ctx.font = font.replace(/^(\d+)px/, (_, size: string) => `${Number(size) * ratio}px`);
  ctx.textAlign = 'left';
  ctx.textBaseline = 'middle';
  for (const [at, { name, colour }] of ends.entries()) {
    ctx.fillStyle = colour;
    ctx.fillText(name, bbox.left + bbox.width + 6 * ratio, places[at] ?? 0);
  }
  ctx.restore();
}

/** The newest value of a line; `null`: it has none. */
function lastOf(values: ArrayLike<number | null | undefined>): number | null {
  for (let at = values.length - 1; at >= 0; at -= 1) {
    const value = values[at];
    if (typeof value === 'number') return value;
  }
  return null;
}

/** Hatches the steps with bad values, from the line down. */
function hatch(drawn: uPlot, { badFrom, times, series }: ChartCanvasProps, colour: string): void {
  if (badFrom === undefined) return;
  const { ctx, bbox } = drawn;
  const bottom = bbox.top + bbox.height;
  ctx.save();
  ctx.beginPath();
  let isAny = false;
  for (const [at, time] of times.entries()) {
    const value = Math.max(...series.map(({ values }) => values[at] ?? -Infinity));
    if (value < badFrom) continue;
    const left = drawn.valToPos(times[at - 1] ?? time, 'x', true);
    const right = drawn.valToPos(time, 'x', true);
    const top = drawn.valToPos(value, 'y', true);
    ctx.rect(left, top, Math.max(2, right - left), bottom - top);
    isAny = true;
  }
  if (isAny) {
    ctx.clip();
    ctx.strokeStyle = colour;
    ctx.lineWidth = devicePixelRatio;
    ctx.beginPath();
    const step = 6 * devicePixelRatio;
    for (let x = bbox.left - bbox.height; x < bbox.left + bbox.width; x += step) {
      ctx.moveTo(x, bottom);
      ctx.lineTo(x + bbox.height, bbox.top);
    }
    ctx.stroke();
  }
  ctx.restore();
}
