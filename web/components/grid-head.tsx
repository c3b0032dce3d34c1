import type { ReactNode } from 'react';
import { classNames } from '../lib/class-names.ts';
import { SortButton } from './table.tsx';

/** A column of a grid. */
export interface GridColumn<Id extends string = string> {
  id: Id;
  title: ReactNode;
  /** A track of CSS grid: `minmax(160px, 2fr)`, `96px`. */
  width: string;
  isNumber?: boolean;
  isSortable?: boolean;
  /** Stays at the right edge of a narrow window, as for buttons. Give its cells the same. */
  isSticky?: boolean;
}

export interface GridSort {
  by: string;
  order: 'up' | 'down';
}

interface GridHeadProps {
  columns: readonly GridColumn[];
  /** The tracks of the columns. */
  template: string;
  /** Pixels. */
  height: number;
  sort: GridSort | undefined;
  onSort: ((by: string) => void) | undefined;
}

/** Keeps a cell at the right edge. */
export const STICKY = 'sticky right-0 h-full bg-inherit';

/** The names of the columns, which stay on top of the rows. */
export function GridHead({ columns, template, height, sort, onSort }: GridHeadProps) {
  return (
    <div
      role="row"
      aria-rowindex={1}
      style={{ gridTemplateColumns: template, height }}
      className="sticky top-0 z-10 grid items-center border-b border-line bg-canvas px-2 text-label text-mute wide:px-4"
    >
      {columns.map((column) => {
        const sorted = sort?.by === column.id ? sort.order : null;
        return (
          <div
            key={column.id}
            role="columnheader"
            aria-sort={sorted === null ? undefined : sorted === 'up' ? 'ascending' : 'descending'}
            className={classNames(
              'flex min-w-0 items-center px-2',
              column.isNumber === true && 'justify-end',
              column.isSticky === true && STICKY,
            )}
          >
            {column.isSortable === true && onSort !== undefined ? (
              <SortButton sorted={sorted} onSort={() => onSort(column.id)}>
                {column.title}
              </SortButton>
            ) : (
              column.title
            )}
          </div>
        );
      })}
    </div>
  );
}
