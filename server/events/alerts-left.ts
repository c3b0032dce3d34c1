import { MOST_KEPT_EVENTS } from '@llamactl/contract/event-history';
import type { Alert } from '@llamactl/contract/system';
import type { ReplayStore } from '../instances/ports/event-replay.ts';
import type { KeptEvent } from '../instances/ports/event-sink.ts';

/** An alert that the previous server raised and did not clear. */
export interface LeftAlert {
  alert: Alert;
  /** Id of the instance that the alert is about; `null`: the whole system. */
  id: string | null;
}

/** The alerts that the previous server left, from all kept events: one may have been raised long before the replay. */
export async function storedAlertsLeft(store: Pick<ReplayStore, 'read'>): Promise<LeftAlert[]> {
  const page = { before: Number.MAX_SAFE_INTEGER, containing: '"system_alert"', limit: MOST_KEPT_EVENTS };
  return alertsLeft((await store.read(page)).toReversed());
}

/** The alerts that are still raised after the stored events, oldest first. @param stored oldest first */
export function alertsLeft(stored: readonly KeptEvent[]): LeftAlert[] {
  const left = new Map<string, LeftAlert>();
  for (const { event, timestamp, instance: id = null } of stored) {
    if (event.type !== 'system_alert') continue;
    const { state, ...alert } = event.data;
    const key = alertKey(alert.code, alert.instance);
    const raisedAt = left.get(key)?.alert.raised_at ?? timestamp;
    if (state === 'raised') left.set(key, { alert: { ...alert, raised_at: raisedAt }, id });
    else left.delete(key);
  }
  return [...left.values()];
}

/** Identifies an alert. Names hold no NUL, so no two pairs share a key. */
export function alertKey(code: string, instance: string | undefined): string {
  return `${code}\0${instance ?? ''}`;
}
