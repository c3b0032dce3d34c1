/**
 * Loaded into a server before its program: whatever it waits for by the second takes a quarter of that. Short waits, which
 * are for other processes, stay as they are, and so does the clock.
 */

const QUICKER = 4;
const LONG_MS = 1_000;
const trueSetTimeout = globalThis.setTimeout;

globalThis.setTimeout = new Proxy(trueSetTimeout, {
  apply: (target, self, [callback, delay, ...rest]: Parameters<typeof setTimeout>) =>
    Reflect.apply(target, self, [callback, (delay ?? 0) < LONG_MS ? delay : (delay ?? 0) / QUICKER, ...rest]),
});
