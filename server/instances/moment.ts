/** When something happens. */
export interface Moment {
  /** Milliseconds since the epoch: for people. */
  at: number;
  /** Of `Clock.elapsed`: for what is due later. */
  elapsed: number;
}

/** Now. */
export function momentOf(clock: { now(): number; elapsed(): number }): Moment {
  return { at: clock.now(), elapsed: clock.elapsed() };
}
