import { median } from './sample.ts';

/** Measures things by turns, A B A B …, so that each pair saw the same machine. One row a round. */
export async function byTurns<Name extends string>(
  rounds: number,
  measures: Readonly<Record<Name, () => Promise<number>>>,
): Promise<Record<Name, number>[]> {
  const rows: Record<Name, number>[] = [];
  const entries = Object.entries(measures) as [Name, () => Promise<number>][];
  for (let round = 0; round < rounds; round += 1) {
    const row: [Name, number][] = [];
    for (const [name, measure] of entries) row.push([name, await measure()]);
    rows.push(Object.fromEntries(row) as Record<Name, number>);
  }
  return rows;
}

/** The median of a column. */
export function medianOf<Row>(rows: readonly Row[], value: (row: Row) => number): number {
  return median(rows.map(value));
}
