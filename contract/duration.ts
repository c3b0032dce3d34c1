const SECONDS_OF: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };

/** Converts a duration of the configuration to seconds: `90`, `"90s"`, `"15m"`, `"24h"`, `"7d"`. */
export function durationSeconds(duration: number | string): number {
  if (typeof duration === 'number') return duration;
  return Number.parseInt(duration, 10) * (SECONDS_OF[duration.at(-1) ?? ''] ?? 1);
}
