import type { RouterHistory } from '@tanstack/react-router';

/**
 * Numbers the entries of the browser's history that come from addresses typed by hand. The router takes such an entry for the
 * first one, and cannot lead back from it: a form that stays open would keep the wrong address.
 */
export function numberTypedAddresses(router: RouterHistory): void {
  window.addEventListener(
    'popstate',
    ({ state }) => {
      if (state !== null) return;
      const key = `typed ${performance.now()}`;
      const numbered = { __TSR_index: router.location.state.__TSR_index + 1, __TSR_key: key, key };
      // The router watches the method of the window, and would take the change for a navigation of its own.
      History.prototype.replaceState.call(window.history, numbered, '');
    },
    // Before the router reads the number.
    { capture: true },
  );
}
