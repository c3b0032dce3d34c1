import { useCallback, useSyncExternalStore } from 'react';

/** The width from which the page has its wide layout; `wide:` of the styles is the same. */
export const WIDE = '(min-width: 50rem)';

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
