import { useSyncExternalStore } from 'react';

/** One timer for all ages on the page: it runs only while something shows an age. */
const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;
let current = Date.now();

function subscribe(listener: () => void): () => void {
  if (listeners.size === 0) {
    current = Date.now();
    timer = setInterval(tick, 1_000);
  }
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) clearInterval(timer);
  };
}

function tick(): void {
  if (document.visibilityState === 'hidden') return;
  current = Date.now();
  for (const listener of listeners) listener();
}

/** Returns the time in milliseconds since the epoch. Renders again every `step` seconds. */
export function useNow(step = 1): number {
  return useSyncExternalStore(subscribe, () => Math.floor(current / (step * 1_000)) * step * 1_000);
}
