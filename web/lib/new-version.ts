const MARK = 'llamactl.reloaded-at';
/** Milliseconds in which a second reload would not help. */
const ONCE_MS = 30_000;

/**
 * Reloads the page when a part of it is gone: after an update of llamactl, an old tab asks for files that the new version
 * does not have. Reloads only once, so that a missing file cannot make a loop, and only if the server answers: otherwise the
 * tab would lose the page that it has.
 */
export function reloadWhenPartsAreGone(): void {
  window.addEventListener('vite:preloadError', () => void reloadOnce());
}

async function reloadOnce(): Promise<void> {
  const last = Number(sessionStorage.getItem(MARK) ?? 0);
  if (Date.now() - last < ONCE_MS) return;
  const isServed = await fetch('./', { cache: 'no-store' }).then(
    ({ ok }) => ok,
    () => false,
  );
  if (!isServed) return;
  sessionStorage.setItem(MARK, String(Date.now()));
  location.reload();
}
