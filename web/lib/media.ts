import { useCallback, useSyncExternalStore } from 'react';

/** The width from which the page has its wide layout; `wide:` of the styles is the same. */
export const WIDE = '(min-width: 50rem)';

/** The width from which the list of instances has room for all of its usual columns. */
export const ROOMY = '(min-width: 86rem)';

/** Whether a media query is true now. */
export function useMedia(query: string): boolean {
  const subscribe = useCallback(
    (listener: () => void) => {
      const media = matchMedia(query);
      media.addEventListener('change', listener);
      return () => media.removeEventListener('change', listener);
    },
    [query],
  );
  return useSyncExternalStore(subscribe, () => matchMedia(query).matches);
}

/** A screen for fingers, which needs larger targets. */
export const COARSE = '(pointer: coarse)';

/** The size of text that all sizes in pixels mean. */
const NORMAL_PX = 16;

/** Returns how much larger than normal the reader has set text: 2 for 200 %. */
export function textScale(): number {
  return Number.parseFloat(getComputedStyle(document.documentElement).fontSize) / NORMAL_PX;
}
