/**
 * Times to the first token of some requests, as counts in buckets. The bounds grow by a quarter, so a percentile is at most
 * an eighth off. Counting allocates nothing.
 */
const BUCKETS = 48;
const FIRST_BOUND = 0.005;
const GROWTH = 1.25;
const LOG_GROWTH = Math.log(GROWTH);
const MOST = 65_535;

/** Counts by bucket; the last bucket has all longer times, above 180 seconds. */
export type FirstTokenTimes = Uint16Array<ArrayBuffer>;

export function noTimes(): FirstTokenTimes {
  return new Uint16Array(BUCKETS);
}

/** Counts a time, in seconds. */
export function count(times: FirstTokenTimes, seconds: number): void {
  const bucket = seconds <= FIRST_BOUND ? 0 : Math.ceil(Math.log(seconds / FIRST_BOUND) / LOG_GROWTH);
  const index = Math.min(bucket, BUCKETS - 1);
  times[index] = Math.min(MOST, (times[index] ?? 0) + 1);
}

/** The sum of both; `null`: neither has a time. */
export function sumOfTimes(one: FirstTokenTimes | null, other: FirstTokenTimes | null): FirstTokenTimes | null {
  if (one === null || other === null) return one ?? other;
  return one.map((each, index) => Math.min(MOST, each + (other[index] ?? 0)));
}

/** The time that this part of the requests did not exceed, in seconds; `null`: no time. @param part 0 to 1. */
export function percentile(times: FirstTokenTimes | null, part: number): number | null {
  if (times === null) return null;
  const total = times.reduce((sum, each) => sum + each, 0);
  if (total === 0) return null;
  const wanted = Math.max(1, Math.ceil(total * part));
  let seen = 0;
  const index = times.findIndex((each) => {
    seen += each;
    return seen >= wanted;
  });
  // the middle of the bucket on the scale of its bounds
  const seconds = index === 0 ? FIRST_BOUND : FIRST_BOUND * GROWTH ** (index - 0.5);
  return Number(seconds.toPrecision(3));
}
