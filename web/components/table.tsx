import type { ReactNode, TdHTMLAttributes, ThHTMLAttributes } from 'react';
import { classNames } from '../lib/class-names.ts';
import { Icon } from './icons.tsx';

/** A table of at most some dozens of rows. Longer lists use `Grid`. It scrolls sideways by itself. */
export function Table({ label, head, children }: { label: string; head: ReactNode; children: ReactNode }) {
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- it scrolls by keyboard
    <div role="region" aria-label={label} tabIndex={0} className="relative overflow-x-auto">
      <table className="w-full border-collapse text-left">
        <thead>
          <tr>{head}</tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}

/** A row of a {@link Table}. */
export function Tr({ children }: { children: ReactNode }) {
  return <tr className="border-b border-line last:border-0 hover:bg-hover">{children}</tr>;
}

interface ThProps extends ThHTMLAttributes<HTMLTableCellElement> {
  isNumber?: boolean;
  /** The order of the table by this column; `null`: by another one; left out: it cannot be sorted. */
  sorted?: 'up' | 'down' | null;
  onSort?: () => void;
}

/** The head of a column. */
export function Th({ isNumber = false, sorted, onSort, children, className, ...rest }: ThProps) {
  return (
    <th
      {...rest}
      scope="col"
      aria-sort={sorted === 'up' ? 'ascending' : sorted === 'down' ? 'descending' : undefined}
      className={classNames(
        'h-8 border-b border-line px-2 text-label font-normal whitespace-nowrap text-mute first:pl-0 last:pr-0',
        isNumber && 'text-right',
        className,
      )}
    >
      {onSort === undefined ? (
        children
      ) : (
        <SortButton sorted={sorted ?? null} onSort={onSort}>
          {children}
        </SortButton>
      )}
    </th>
  );
}

/** A column's name that sorts by it. */
export function SortButton({
  sorted,
  onSort,
  children,
}: {
  sorted: 'up' | 'down' | null;
  onSort: () => void;
  children: ReactNode;
}) {
  return (
    <button
      type="button"
      onClick={onSort}
      className={classNames(
        'inline-flex h-6 items-center gap-0.5 rounded-control hover:text-ink',
        sorted !== null && 'text-ink',
      )}
    >
      {children}
      {sorted !== null && <Icon name={sorted === 'up' ? 'chevron-up' : 'chevron-down'} size={12} />}
    </button>
  );
}

/** A cell. Figures stand right and with equal widths. */
export function Td({
  isNumber = false,
  children,
  className,
  ...rest
}: TdHTMLAttributes<HTMLTableCellElement> & { isNumber?: boolean }) {
  return (
    <td
      {...rest}
      className={classNames(
        'h-8 px-2 align-middle first:pl-0 last:pr-0',
        isNumber && 'figures text-right whitespace-nowrap',
        className,
      )}
    >
      {children}
    </td>
  );
}
