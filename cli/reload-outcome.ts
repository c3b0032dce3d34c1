import type { Holder } from '@llamactl/server/main';

/** The state of a requested reload, according to the server's own file. */
export type ReloadOutcome =
  | { kind: 'done'; pid: number; version: string; url: string | null }
  | { kind: 'failed'; reason: string }
  | { kind: 'under way' };

/** The reason why a server cannot be reloaded now; `null`: it can. */
export function whyNot(holder: Holder): string | null {
  const { pid, url, version, reload } = holder;
  if (reload === undefined)
    return `the server (llamactl ${version}, pid ${pid}) is too old to be reloaded: stop it, and start it again`;
  if (reload?.state === 'under_way') return `the server (pid ${pid}) is already being reloaded`;
  return url === null ? `the server (pid ${pid}) is still starting` : null;
}

/** @param before The server's description before the request. */
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
