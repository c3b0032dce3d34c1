import type { Row } from '../../lib/live/row-store.ts';
import { modelName } from '../../../format/model-name.ts';
import type { InstancesSearch } from './instances-search.ts';
import { listedStatus, type ListedStatus } from './listed-status.ts';

type SortKey = NonNullable<InstancesSearch['sort']>;

/** Statuses in the order of the attention that they need. */
const STATUS_ORDER: readonly ListedStatus[] = [
  'failed',
  'blocked',
  'restarting',
  'starting',
  'stopping',
  'running',
  'stopped',
];

/** The value of a row by which a column sorts; `null` comes last in both directions. */
const VALUES: Readonly<Record<SortKey, (row: Row) => number | string | null>> = {
  name: () => null,
  status: (row) => STATUS_ORDER.indexOf(listedStatus(row)),
  model: (row) => modelName(row)?.toLowerCase() ?? null,
  requests: (row) => (row.status === 'running' || row.waiting > 0 ? row.in_flight + row.waiting : null),
  tokens: (row) => (row.status === 'running' ? row.tokens_per_second : null),
  gpu: (row) => row.stats?.gpu_memory_usage ?? null,
  memory: (row) => row.stats?.memory_usage ?? null,
  cpu: (row) => row.stats?.cpu_usage ?? null,
  up: (row) => (row.started_at === null ? null : -Date.parse(row.started_at)),
  used: (row) => (row.last_used_at === null ? null : -Date.parse(row.last_used_at)),
  group: (row) => row.group?.toLowerCase() ?? null,
  engine: (row) => row.engine,
  port: (row) => row.running_port ?? row.port,
};

/** Columns whose largest amount people look for. */
const AMOUNTS: ReadonlySet<SortKey> = new Set(['requests', 'tokens', 'gpu', 'memory', 'cpu', 'up']);

/** The order of a column that the user did not turn: amounts begin with the largest. */
export function usualOrder(column: SortKey): 'up' | 'down' {
  return AMOUNTS.has(column) ? 'down' : 'up';
}

const byName = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });

/** Sorts rows by a column, and equal ones by name. */
export function sortedRows(rows: readonly Row[], sort: SortKey, order: 'up' | 'down'): Row[] {
  const sign = order === 'up' ? 1 : -1;
  const valueOf = VALUES[sort];
  return rows
    .map((row) => ({ row, value: valueOf(row) }))
    .sort((one, other) => {
      const [a, b] = [one.value, other.value];
      if (a !== b) {
        if (a === null) return 1;
        if (b === null) return -1;
        return a < b ? -sign : sign;
      }
      const names = byName.compare(one.row.name, other.row.name);
      return sort === 'name' ? sign * names : names;
    })
    .map(({ row }) => row);
}

/** Filters rows by status, group, and words that all occur in name, aliases, model, group, engine or port. */
export function filteredRows(rows: readonly Row[], { q = '', status, group }: InstancesSearch): Row[] {
  const words = q
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  return rows.filter((row) => {
    if (status !== undefined && listedStatus(row) !== status) return false;
    if (group !== undefined && row.group !== group) return false;
    if (words.length === 0) return true;
    const text = [
      row.name,
      ...row.aliases,
      modelName(row),
      row.model_info?.quantization,
      row.group,
      row.engine,
      row.port,
    ]
      .join('\n')
      .toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

/** Rows of one group, in their order. */
export interface RowGroup {
  /** `null`: the rows without a group. */
  name: string | null;
  rows: readonly Row[];
}

/** Divides rows by their group, by name; those without one come last. */
export function groupedRows(rows: readonly Row[]): RowGroup[] {
  return [...Map.groupBy(rows, ({ group }) => group ?? null)]
    .map(([name, members]) => ({ name, rows: members }))
    .toSorted((one, other) => {
      if (one.name === null || other.name === null) return Number(one.name === null) - Number(other.name === null);
      return byName.compare(one.name, other.name);
    });
}
