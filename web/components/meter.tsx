import { classNames } from '../lib/class-names.ts';

/** One share of a bar. */
export interface MeterPart {
  value: number;
  /** Default: the colour of the judgement of the whole bar. */
  className?: string;
  /** Shown as a tooltip. */
  label?: string;
}

export interface MeterProps {
  /** For screen readers: what is measured. */
  label: string;
  /** The value in words, as beside the bar. */
  text: string;
  /** One value, or shares of the whole. */
  value: number | readonly MeterPart[];
  max: number;
  /** Shares of `max` from which the bar is a warning, or bad. Default 0.85 and 0.95; `null`: a full bar is no problem. */
  limits?: readonly [number, number] | null;
  className?: string;
}

const LIMITS = [0.85, 0.95] as const;

/** A bar that is filled up to a value. */
export function Meter({ label, text, value, max, limits = LIMITS, className }: MeterProps) {
  const parts: readonly MeterPart[] = typeof value === 'number' ? [{ value }] : value;
  const sum = parts.reduce((total, part) => total + part.value, 0);
  const share = max > 0 ? sum / max : 0;
  const colour = limits === null || share < limits[0] ? 'bg-accent' : share < limits[1] ? 'bg-warn' : 'bg-bad hatched';
  return (
    <div
      role="meter"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={max}
      aria-valuenow={Math.min(sum, max)}
      aria-valuetext={text}
      className={classNames('flex h-1.5 overflow-hidden rounded-full bg-hover forced-colors:border', className)}
    >
      {parts.map((part, at) => (
        <span
          // oxlint-disable-next-line react/no-array-index-key -- shares keep their places
          key={at}
          data-tip={part.label}
          style={{ width: `${max > 0 ? Math.min(100, (part.value / max) * 100) : 0}%` }}
          className={classNames(
            'h-full transition-[width] duration-150',
            part.className === undefined
              ? `${colour} forced-colors:bg-[CanvasText]`
              : `${part.className} forced-color-adjust-none`,
          )}
        />
      ))}
    </div>
  );
}

/** The progress of work; `share` from 0 to 1, `null`: unknown. */
export function Progress({ label, share, className }: { label: string; share: number | null; className?: string }) {
  return (
    <div
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={share === null ? undefined : Math.round(share * 100)}
      className={classNames('h-1.5 overflow-hidden rounded-full bg-hover forced-colors:border', className)}
    >
      <div
        style={{ width: `${share === null ? 35 : Math.min(100, share * 100)}%` }}
        className={classNames(
          'h-full rounded-full bg-busy transition-[width] duration-150 forced-colors:bg-[CanvasText]',
          share === null && 'animate-pulse',
        )}
      />
    </div>
  );
}
