import type { PastAlert } from '@llamactl/contract/event-history';
import type { KeptEvent } from '../instances/ports/event-sink.ts';
import { alertKey } from './alerts-left.ts';

/**
 * Pairs the events that raise and clear alerts. A raised alert whose message changes is one alert.
 *
 * @param kept oldest first
 * @returns the alert that was raised last comes first
 */
export function pastAlerts(kept: readonly KeptEvent[]): PastAlert[] {
  const alerts: PastAlert[] = [];
  const open = new Map<string, PastAlert>();
  for (const { seq, timestamp, event } of kept) {
    if (event.type !== 'system_alert') continue;
    const { state, ...news } = event.data;
    const key = alertKey(news.code, news.instance);
    const before = open.get(key);
    const alert: PastAlert = before ?? {
      ...news,
      seq,
      // Without the event that raised it, only its end is known.
      raised_at: state === 'raised' ? timestamp : null,
      cleared_at: null,
    };
    if (before === undefined) alerts.push(alert);
    if (state === 'cleared') {
      alert.cleared_at = timestamp;
      open.delete(key);
    } else {
      Object.assign(alert, news);
      open.set(key, alert);
    }
  }
  return alerts.toSorted((one, other) => other.seq - one.seq);
}
