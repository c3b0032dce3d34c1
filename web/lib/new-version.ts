const MARK = 'llamactl.reloaded-at';
/** Milliseconds in which a second reload would not help. */
const ONCE_MS = 30_000;

/**
 * Reloads the page when a part of it is gone: after an update of llamactl, an old tab asks for files that the new version
 * does not have. Reloads only once, so that a missing file cannot make a loop.
 */
export function reloadWhenPartsAreGone(): void {
  window.addEventListener('vite:preloadError', (event) => {
    const last = Number(sessionStorage.getItem(MARK) ?? 0);
    if (Date.now() - last < ONCE_MS) return;
    sessionStorage.setItem(MARK, String(Date.now()));
    event.preventDefault();
    location.reload();
  });
}
