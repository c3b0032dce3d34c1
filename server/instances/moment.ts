/** A moment on both clocks. */
export interface Moment {
  /** Milliseconds since the epoch, shown to people. */
  at: number;
  /** Of `Clock.elapsed`, for deadlines. */
  elapsed: number;
}

/** The current moment. */
export function momentOf(clock: { now(): number; elapsed(): number }): Moment {
  return { at: clock.now(), elapsed: clock.elapsed() };
}
