import { keep, kept } from '../../lib/browser-storage.ts';
import { ValueStore } from '../../lib/value-store.ts';
import { COLUMNS, type ColumnId } from './columns.ts';

const isIds = (value: unknown): ColumnId[] | undefined =>
  Array.isArray(value) ? COLUMNS.map(({ id }) => id).filter((id) => value.includes(id)) : undefined;

/** The columns that this browser chose; `null`: the default. */
export const chosenColumns = new ValueStore<readonly ColumnId[] | null>(kept('columns', isIds) ?? null);

/** Chooses columns for this browser; `null`: the default again. */
export function chooseColumns(columns: readonly ColumnId[] | null): void {
  chosenColumns.set(columns);
  keep('columns', columns ?? undefined);
}
