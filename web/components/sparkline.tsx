const WIDTH = 56;
const HEIGHT = 16;

interface SparklineProps {
  /** Values at equal steps, oldest first; `null`: not measured. */
  values: readonly (number | null)[];
  /** The least value of a full height, so that small values look small. */
  top?: number;
  /** For screen readers; without it the line only decorates the figure beside it. */
  label?: string;
}

/** A small line of the last values. */
export function Sparkline({ values, top = 0, label }: SparklineProps) {
  const path = sparkPath(values, top);
  return (
    <svg
      role={label === undefined ? undefined : 'img'}
      aria-label={label}
      aria-hidden={label === undefined}
      width={WIDTH}
      height={HEIGHT}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      className="shrink-0 text-chart-1"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.25"
      strokeLinejoin="round"
    >
      <path d={path} />
    </svg>
  );
}

function sparkPath(values: readonly (number | null)[], top: number): string {
  const highest = Math.max(top, ...values.map((value) => value ?? 0)) || 1;
  const step = WIDTH / Math.max(1, values.length - 1);
  let isDrawing = false;
  return values
    .map((value, at) => {
      const command = isDrawing ? 'L' : 'M';
      isDrawing = value !== null;
      if (value === null) return '';
      return `${command}${(at * step).toFixed(1)} ${(HEIGHT - 1 - (value / highest) * (HEIGHT - 2)).toFixed(1)}`;
    })
    .join('');
}
