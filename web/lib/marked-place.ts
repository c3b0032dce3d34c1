import { useEffect, useRef, type RefObject } from 'react';

const CONTROLS =
  'input:not(:disabled), select:not(:disabled), textarea:not(:disabled), [data-keys="own"], summary, button';

/**
 * Brings a part of the page into view when it becomes the one that a link names, and focuses its first control.
 *
 * @param asked Does it again when this changes: a user may ask for the same part twice.
 */
export function useMarkedPlace(isMarked: boolean, asked = 0): RefObject<HTMLDivElement | null> {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!isMarked) return;
    place.current?.scrollIntoView({ block: 'center' });
    place.current?.querySelector<HTMLElement>(CONTROLS)?.focus({ preventScroll: true });
  }, [isMarked, asked]);
  return place;
}

/** Whether a link to a field means the field at this path, or a part of it: `environment.CUDA` is within `environment`. */
export function isFieldAt(field: string | undefined, path: string): boolean {
  return field !== undefined && (field === path || field.startsWith(`${path}.`));
}
