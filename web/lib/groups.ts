import type { GroupLimits } from '@llamactl/client';
import type { Row } from './live/row-store.ts';

/** How many instances of a group hold a slot. */
export interface GroupUse {
  name: string;
  /** Members that run, start, restart or stop: each holds a slot. */
  running: number;
  /** Members in all. */
  total: number;
  /** How many may run at once; `null`: the group has no limit. */
  most: number | null;
  /** Why its members are in each other's way; `null`: the group is not configured. */
  limits: GroupLimits | null;
}

const NONE: ReadonlySet<string> = new Set();

/**
 * Counts the members of a group.
 *
 * @param accepted Names of instances whose start was accepted just now: their rows may not show it yet.
 */
export function groupUse(
  name: string,
  rows: readonly Pick<Row, 'name' | 'group' | 'status'>[],
  groups: readonly GroupLimits[],
  accepted: ReadonlySet<string> = NONE,
): GroupUse {
  const members = rows.filter(({ group }) => group === name);
  const running = members.filter(
    (row) => accepted.has(row.name) || (row.status !== 'stopped' && row.status !== 'failed'),
  ).length;
  const limits = groups.find((group) => group.name === name) ?? null;
  return { name, running, total: members.length, most: limits?.max_running ?? null, limits };
}

/** Whether an instance is pinned by its group, whatever its own setting is. */
export function isPinnedByGroup({ group }: { group?: string | undefined }, groups: readonly GroupLimits[]): boolean {
  return group !== undefined && groups.some(({ name, pinned }) => pinned && name === group);
}
