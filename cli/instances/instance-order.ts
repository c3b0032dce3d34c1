import type { InstanceSummary } from '@llamactl/client';
import { InvalidArgumentError } from 'commander';

/** An order of instances. */
export interface InstanceOrder {
  column: SortColumn;
  isDescending: boolean;
}

type Key = (instance: InstanceSummary) => string | number;
type SortColumn = keyof typeof KEYS;

/** The sort keys of the columns of `ps`. */
const KEYS = {
  name: ({ name }) => name.toLowerCase(),
  status: ({ status }) => status,
  // The column shows the age, so the youngest instance is the least. Instances that do not run come before it.
  up: ({ started_at: start }) => (start === null ? -Infinity : -Date.parse(start)),
  engine: ({ engine }) => engine,
  port: ({ port }) => port,
  model: ({ model, model_path: file }) => (model ?? file?.replace(/^.*\//, '') ?? '').toLowerCase(),
  created: ({ created_at: created }) => Date.parse(created),
} as const satisfies Record<string, Key>;

export const SORT_COLUMNS = Object.keys(KEYS) as SortColumn[];

/** Parses `up`, or `-up` for a descending order. */
export function instanceOrder(text: string): InstanceOrder {
  const isDescending = text.startsWith('-');
  const name = text.slice(isDescending ? 1 : 0).toLowerCase();
  const column = SORT_COLUMNS.find((each) => each === name);
  if (column === undefined) throw new InvalidArgumentError(`Give one of ${SORT_COLUMNS.join(', ')}.`);
  return { column, isDescending };
}

/** Sorts instances; equal ones stay in their order. @param order Left out: the order of the server. */
export function sorted(instances: readonly InstanceSummary[], order: InstanceOrder | undefined): InstanceSummary[] {
  if (order === undefined) return [...instances];
  const keyOf: Key = KEYS[order.column];
  const sign = order.isDescending ? -1 : 1;
  return instances.toSorted((one, other) => {
    const [first, second] = [keyOf(one), keyOf(other)];
    return first === second ? 0 : first < second ? -sign : sign;
  });
}
