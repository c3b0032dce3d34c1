import type { Status } from '@llamactl/client';
import type { Row } from '../../lib/live/row-store.ts';

/** A status in the list. `blocked`: stopped, and unable to start, such as without its model file. */
export type ListedStatus = Status | 'blocked';

/** The statuses in the order of the filter. */
export const STATUSES: readonly ListedStatus[] = [
  'running',
  'starting',
  'stopping',
  'restarting',
  'failed',
  'blocked',
  'stopped',
];

/** Whether another start would fail in the same way, so that the first remedy is the main button and a start is none. */
export function needsRepair(row: Pick<Row, 'status' | 'refused' | 'cause'>): boolean {
  return listedStatus(row) === 'blocked' || (row.status === 'failed' && row.cause === 'argument');
}

/** The status of a row. A start that was refused because the slots are full can succeed later. */
export function listedStatus({ status, refused }: Pick<Row, 'status' | 'refused'>): ListedStatus {
  return status === 'stopped' && refused !== null && refused.code !== 'CAPACITY_EXCEEDED' ? 'blocked' : status;
}
