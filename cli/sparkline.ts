const BARS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/** A value that held from some time to another, in any one unit. */
export interface Span {
  from: number;
  to: number;
  value: number;
}

/** The time that a line of bars is about, and how it is drawn. */
export interface Course {
  from: number;
  to: number;
  /** In characters, each of the same length of time; it shows the highest value of that time. */
  width: number;
  /** What the highest bar stands for at least: small values then look small. Default 0. */
  top?: number;
}

/** Values over time as a line of bars, from 0 to the highest value. Where nothing was measured there is a space. */
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
