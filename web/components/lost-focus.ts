import { useEffect, useRef, type FocusEvent } from 'react';

/**
 * Gives the focus a new place when the focused element of a container goes, as a button of a row that changed. Else the focus
 * is on the whole page, where the keys of the container do nothing.
 *
 * @param takeFocus Called after the element has gone, unless the focus is elsewhere by then.
 * @returns The listener for `onFocus` of the container.
 */
export function useLostFocus(takeFocus: () => void): (event: FocusEvent) => void {
  const last = useRef<Element | null>(null);
  useEffect(() => {
    const element = last.current;
    if (element === null || element.isConnected || document.activeElement !== document.body) return;
    last.current = null;
    takeFocus();
  });
  return ({ target }) => (last.current = target);
}
