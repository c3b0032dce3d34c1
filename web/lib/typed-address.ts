import type { RouterHistory } from '@tanstack/react-router';

/**
 * Numbers the entries of the browser's history that come from addresses typed by hand. The router takes such an entry for the
 * first one, and cannot lead back from it: a form that stays open would keep the wrong address. Call it before the router
 * listens, because it reads the number at the same event.
 *
 * @param routerHistory Returns the history of the router.
 */
export function numberTypedAddresses(routerHistory: () => RouterHistory): void {
  window.addEventListener('popstate', ({ state }) => {
    if (state !== null) return;
    const key = `typed ${performance.now()}`;
    const numbered = { __TSR_index: routerHistory().location.state.__TSR_index + 1, __TSR_key: key, key };
    // The router watches the method of the window, and would take the change for a navigation of its own.
    History.prototype.replaceState.call(window.history, numbered, '');
  });
}
