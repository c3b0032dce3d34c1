import { useEffect, useMemo, useState } from 'react';
import type { ChartCursor } from '../../components/chart-values.ts';
import { keep, kept, oneOf } from '../../lib/browser-storage.ts';
import { number } from '../../lib/figures.ts';
import { useNow } from '../../lib/now.ts';
import { ValueStore } from '../../lib/value-store.ts';

/** The time that charts of an instance and of the machine show, and what else they have in common. */

/** The windows of the charts. */
export const WINDOWS = ['15m', '1h', '6h', '24h'] as const;
export type ChartWindow = (typeof WINDOWS)[number];

/** Seconds of each window. */
const WINDOW_SECONDS: Readonly<Record<ChartWindow, number>> = { '15m': 900, '1h': 3_600, '6h': 21_600, '24h': 86_400 };

/** Seconds between two moves of the time axis. */
const MOVE_SECONDS = 2;

/** Requests that waited at once from which a queue is bad. */
export const LONG_QUEUE = 10;

/** Returns the window that this browser chose last, and a function that chooses another. */
export function useChartWindow(): [ChartWindow, (window: ChartWindow) => void] {
  const [window, setWindow] = useState<ChartWindow>(() => kept('charts.window', oneOf(...WINDOWS)) ?? '15m');
  useEffect(() => keep('charts.window', window), [window]);
  return [window, setWindow];
}

/** Returns the first and the last second of the time axis, which goes on with the time. */
export function useChartRange(window: ChartWindow): readonly [number, number] {
  const now = useNow(MOVE_SECONDS) / 1_000;
  return useMemo(() => [now - WINDOW_SECONDS[window], now] as const, [now, window]);
}

/** Returns a cursor for several charts. */
export function useChartCursor(): ChartCursor {
  const [cursor] = useState<ChartCursor>(() => new ValueStore<number | null>(null));
  return cursor;
}

/** A rate at an axis: `0`, `2.8`, `61`. */
export function axisRate(value: number): string {
  return value > 0 && value < 10 ? number(value, 1) : number(value);
}

/** A count at an axis; empty between two counts. */
export function axisCount(value: number): string {
  return Number.isInteger(value) ? String(value) : '';
}
