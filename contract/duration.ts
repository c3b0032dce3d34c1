/**
 * A duration as text: a number of seconds, or numbers with units, the largest first: `90`, `90s`, `15m`, `1h30m`, `7d`.
 */
export const DURATION = /^(?:\d+(?:\.\d+)?|(?=\d)(?:\d+d)?(?:\d+h)?(?:\d+m)?(?:\d+s)?)$/;

const SECONDS_OF: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };

/** Converts a duration of the configuration to seconds. @param duration Seconds, or a text that matches {@link DURATION}. */
export function durationSeconds(duration: number | string): number {
  if (typeof duration === 'number') return duration;
  const parts = [...duration.matchAll(/(\d+(?:\.\d+)?)([smhd]?)/g)];
  return parts.reduce((sum, [, number = '', unit = '']) => sum + Number(number) * (SECONDS_OF[unit] ?? 1), 0);
}
