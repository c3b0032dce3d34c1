const BARS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/** A value over a span of time, in any unit. */
export interface Span {
  from: number;
  to: number;
  value: number;
}

/** The time range of a sparkline, and its size. */
export interface Course {
  from: number;
  to: number;
  /** Characters. Each covers the same time, and shows the highest value in it. */
  width: number;
  /** Least value of a full bar, so that small values look small. Default 0. */
  top?: number;
}

/** Values over time as a line of bars, from 0 to the highest value. A space marks a time without measurements. */
export function sparkline(spans: readonly Span[], { from, to, width, top = 0 }: Course): string {
  const highest = Math.max(...spans.map(({ value }) => value), top);
  const length = (to - from) / width;
  return Array.from({ length: width }, (_, index) => {
    const start = from + index * length;
    const during = spans.filter((span) => span.to > start && span.from < start + length);
    if (during.length === 0) return ' ';
    const value = Math.max(...during.map((span) => span.value));
    const level = highest === 0 ? 0 : Math.round((value / highest) * (BARS.length - 1));
    return BARS[Math.max(0, level)] ?? ' ';
  }).join('');
}
