import type { ServerDescription } from '@llamactl/server/main';

/** The state of a requested reload, according to the server's own file. */
export type ReloadOutcome =
  | { kind: 'done'; pid: number; version: string; url: string | null }
  | { kind: 'failed'; reason: string }
  | { kind: 'under way' };

/** The reason why a server cannot be reloaded now; `null`: it can. */
export function whyNot(holder: ServerDescription): string | null {
  const { pid, url, version, reload } = holder;
  if (reload === undefined)
    return `the server (llamactl ${version}, pid ${pid}) is too old to be reloaded: stop it, and start it again`;
  if (reload?.state === 'under_way') return `the server (pid ${pid}) is already being reloaded`;
  return url === null ? `the server (pid ${pid}) is still starting` : null;
}

/** @param before The server's description before the request. */
export function reloadOutcome(before: ServerDescription, now: ServerDescription | null): ReloadOutcome {
  const attempts = before.reload?.number ?? 0;
  const reload = now?.reload ?? null;
  if (now === null || reload === null || reload.number <= attempts) return { kind: 'under way' };
  switch (reload.state) {
    case 'under_way':
      return { kind: 'under way' };
    case 'failed':
      return { kind: 'failed', reason: reload.reason ?? 'its log says why' };
    case 'done':
      return { kind: 'done', pid: now.pid, version: now.version, url: now.url };
  }
}

/** Milliseconds after which a reload counts as lost: no process works on it, or nothing describes the server. */
const GONE_AFTER_MS = 3_000;

/** Whether the outcome of a reload can still come. */
export class ReloadPatience {
  #worked: number;
  #described: number;

  /** Milliseconds, on the clock of {@link look}. */
  constructor(now: number) {
    this.#worked = now;
    this.#described = now;
  }

  /**
   * `gone`: no process works on the reload. `silent`: a server has the data directory, and nothing describes it.
   *
   * @param found.isHeld A server has the lock. No process has it for a moment during the hand-over, and for seconds
   *   while the old server starts its program again.
   * @param found.isOldAlive The server that got the request is alive.
   */
  look(
    now: number,
    found: { isHeld: boolean; isOldAlive: boolean; isDescribed: boolean },
  ): 'waits' | 'gone' | 'silent' {
    const { isHeld, isOldAlive, isDescribed } = found;
    if (isHeld || isOldAlive) this.#worked = now;
    if (isDescribed || !isHeld) this.#described = now;
    if (now - this.#worked >= GONE_AFTER_MS) return 'gone';
    return now - this.#described >= GONE_AFTER_MS ? 'silent' : 'waits';
  }
}
