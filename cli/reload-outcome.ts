import type { Holder } from '@llamactl/server/main';

/** What a look at the data directory's server says about a reload that was asked for. */
export type ReloadOutcome =
  | { kind: 'done'; pid: number; version: string; url: string | null }
  | { kind: 'failed'; reason: string }
  | { kind: 'under way' };

/** Why a server cannot be asked for a reload now; `null`: it can. */
export function whyNot(holder: Holder): string | null {
  const { pid, url, version, reload } = holder;
  if (reload === undefined)
    return `the server (llamactl ${version}, pid ${pid}) cannot be reloaded: stop it, and start it again`;
  if (reload?.state === 'under_way') return `a reload of the server (pid ${pid}) is under way already`;
  return url === null ? `the server (pid ${pid}) is still starting` : null;
}

/** @param before How the server described itself before it was asked. */
export function reloadOutcome(before: Holder, now: Holder | null): ReloadOutcome {
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
