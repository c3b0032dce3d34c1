import type { InstancesSearch } from './instances-search.ts';

/** A column that a user may show. */
export type ColumnId = NonNullable<InstancesSearch['sort']>;

interface ColumnLook {
  id: ColumnId;
  width: string;
  isNumber?: boolean;
}

/** All columns in their order. */
export const COLUMNS: readonly ColumnLook[] = [
  { id: 'name', width: 'minmax(11rem, 1.6fr)' },
  { id: 'model', width: 'minmax(8.5rem, 1.4fr)' },
  { id: 'group', width: 'minmax(5rem, 0.5fr)' },
  { id: 'engine', width: 'minmax(5.625rem, 0.5fr)' },
  { id: 'status', width: 'minmax(11.875rem, 1.8fr)' },
  { id: 'requests', width: '5.5rem', isNumber: true },
  { id: 'tokens', width: '7.75rem', isNumber: true },
  { id: 'gpu', width: '6.5rem', isNumber: true },
  { id: 'memory', width: '5.5rem', isNumber: true },
  { id: 'cpu', width: '4.5rem', isNumber: true },
  { id: 'up', width: '5.25rem', isNumber: true },
  { id: 'used', width: '6.5rem', isNumber: true },
  { id: 'port', width: '4rem', isNumber: true },
];

/** Columns that are empty without a process. They follow the status. */
const OF_PROCESS: ReadonlySet<ColumnId> = new Set(['requests', 'tokens', 'gpu', 'memory', 'cpu', 'up']);

/** Columns that the status of a row without a process may take: its own, and those that are empty then. */
export function freeColumns(columns: readonly ColumnId[]): number {
  return 1 + columns.filter((id) => OF_PROCESS.has(id)).length;
}

/** The columns of a row whose status takes the empty ones. */
export function shortColumns(columns: readonly ColumnId[]): ColumnId[] {
  return columns.filter((id) => !OF_PROCESS.has(id));
}

/** Columns that cannot be hidden. */
export const FIXED: ReadonlySet<ColumnId> = new Set(['name', 'status']);

/**
 * The columns without a choice.
 *
 * @param hasGpu Whether the machine reports a GPU.
 * @param isRoomy Whether the window has room for all of them.
 */
export function defaultColumns(hasGpu: boolean, isRoomy: boolean): readonly ColumnId[] {
  return [
    'name',
    'model',
    'status',
    'requests',
    'tokens',
    hasGpu ? 'gpu' : 'memory',
    ...(isRoomy ? (['cpu'] as const) : []),
    'up',
  ];
}

/**
 * The columns with the one by which the list is sorted: an order of hidden figures explains nothing.
 *
 * @param isUsual Whether they are the default, so that the new one takes the place of a less important one.
 */
export function withColumn(columns: readonly ColumnId[], sort: ColumnId, isUsual: boolean): readonly ColumnId[] {
  if (columns.includes(sort)) return columns;
  const given = isUsual ? (['cpu', 'up'] as const).find((id) => columns.includes(id)) : undefined;
  return COLUMNS.map(({ id }) => id).filter((id) => id === sort || (columns.includes(id) && id !== given));
}
