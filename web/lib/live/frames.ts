import type { Alert, Frame } from '@llamactl/client';
import type { Row, RowStore } from './row-store.ts';

/** Fields of an instance without a process. */
const DOWN = {
  started_at: null,
  ready_at: null,
  running_port: null,
  stats: null,
  in_flight: 0,
  waiting: 0,
  tokens_per_second: 0,
} as const satisfies Partial<Row>;

/** Changes that frames alone cannot complete: the rest of the row has to be requested. */
export type Stale = { name: string } | 'everything' | null;

/**
 * Applies one frame to the rows.
 *
 * @returns What has to be requested now; `null`: nothing.
 */
export function applyFrame(rows: RowStore, frame: Frame): Stale {
  switch (frame.type) {
    case 'gap':
    case 'instances_refreshed':
      return 'everything';
    case 'instance_status_changed': {
      const { name, status, reason, phrase } = frame.data;
      const isDown = status === 'stopped' || status === 'failed';
      rows.change(name, {
        status,
        reason: reason ?? null,
        cause: undefined,
        phrase,
        refused: null,
        load: null,
        waits_for: [],
        ...(isDown ? DOWN : {}),
      });
      return { name };
    }
    case 'instance_start_refused': {
      const { name, code, message } = frame.data;
      rows.change(name, { refused: { at: frame.timestamp, code, message } });
      return null;
    }
    case 'instance_created':
      return { name: frame.data.name };
    case 'instance_updated': {
      const { name, previous_name: before } = frame.data;
      if (before !== undefined && before !== name) rows.rename(before, name);
      return { name };
    }
    case 'instance_deleted':
      rows.remove(frame.data.name);
      return null;
    case 'instance_stats_updated':
      rows.change(frame.data.name, { stats: frame.data.stats });
      return null;
    case 'requests_updated': {
      const { name, ...figures } = frame.data;
      rows.change(name, figures);
      return null;
    }
    case 'instance_load_progress':
      rows.change(frame.data.name, { load: frame.data.load });
      return null;
    default:
      return null;
  }
}

/** Applies an event to the alerts. @returns The same list if the frame changes nothing. */
export function applyAlert(alerts: readonly Alert[], frame: Frame): readonly Alert[] {
  if (frame.type !== 'system_alert') return alerts;
  const { state, level, code, message, instance } = frame.data;
  const before = alerts.find((alert) => alert.code === code && alert.instance === instance);
  const others = alerts.filter((alert) => alert !== before);
  if (state === 'cleared') return others.length === alerts.length ? alerts : others;
  return [
    ...others,
    {
      level,
      code,
      message,
      ...(instance === undefined ? {} : { instance }),
      raised_at: before?.raised_at ?? frame.timestamp,
    },
  ];
}
