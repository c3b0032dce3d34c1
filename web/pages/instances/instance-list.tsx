import { useNavigate } from '@tanstack/react-router';
import { memo, useMemo, useRef, useState, type MouseEvent, type ReactNode, type RefObject } from 'react';
import { Checkbox } from '../../components/checkbox.tsx';
import { Grid, GridCell, type GridColumn, type GridHandle, type GridKey } from '../../components/grid.tsx';
import { useMay } from '../../lib/app.ts';
import { useWords } from '../../lib/language.ts';
import { useRow } from '../../lib/live/live-hooks.ts';
import type { Row } from '../../lib/live/row-store.ts';
import { COARSE, useMedia, WIDE } from '../../lib/media.ts';
import { rangeOf } from '../../lib/rows.ts';
import { instancesWords } from '../../words/instances.ts';
import { COLUMNS, freeColumns, shortColumns, type ColumnId } from './columns.ts';
import { GroupHeading } from './group-heading.tsx';
import { InstanceCell, isOnlyReason } from './instance-cells.tsx';
import { groupedRows, usualOrder } from './instance-order.ts';
import type { InstancesSearch } from './instances-search.ts';
import { useListKeys } from './list-keys.ts';
import { NarrowRow } from './narrow-row.tsx';
import { NoMatch } from './no-match.tsx';
import { RowActions } from './row-actions.tsx';
import type { Selection } from './selection.ts';

const COMPACT = 33;
const COMFORTABLE = 40;
const TOUCH = 48;
const TWO_LINES = 60;
/** From this number of instances on, rows are compact. */
const MANY = 10;

interface InstanceListProps {
  grid: RefObject<GridHandle | null>;
  /** The rows that pass the filters, in their order. */
  rows: readonly Row[];
  /** All instances, of which the filters show some. */
  total: number;
  columns: readonly ColumnId[];
  search: InstancesSearch;
  selection: Selection;
}

/** The list of instances with its keys. */
export function InstanceList({ grid, rows, total, columns, search, selection }: InstanceListProps) {
  const words = useWords(instancesWords);
  const navigate = useNavigate({ from: '/instances' });
  const isWide = useMedia(WIDE);
  const mayOperate = useMay('operator');
  const { sort = 'name', order = usualOrder(sort), by, group } = search;
  // The heading says how full the chosen group is.
  const hasHeadings = by === 'group' || group !== undefined;
  const { ids, names, headings } = useMemo(() => linesOf(rows, hasHeadings), [rows, hasHeadings]);
  const [chosen, setCurrent] = useState<string | null>(null);
  // A filter may hide the row that the keys acted on.
  const current = chosen !== null && names.includes(chosen) ? chosen : null;
  const { selected, toggle, select, anchor } = selection;
  useListKeys({ current, selection, grid });

  const sortBy = (id: string): void => {
    const column = COLUMNS.find((each) => each.id === id)?.id;
    if (column === undefined) return;
    const turned = order === 'up' ? 'down' : 'up';
    const next = column === sort && turned !== usualOrder(column) ? turned : undefined;
    void navigate({ search: { ...search, sort: column, order: next }, replace: true });
  };
  const pressed = ({ key, shiftKey }: GridKey, id: string | null): boolean => {
    if ((key === ' ' || key === 'x') && id !== null && mayOperate) {
      toggle(id);
      return true;
    }
    if (!shiftKey || (key !== 'ArrowDown' && key !== 'ArrowUp') || !mayOperate) return false;
    const at = id === null ? -1 : names.indexOf(id);
    const next = names[Math.min(names.length - 1, Math.max(0, at + (key === 'ArrowDown' ? 1 : -1)))];
    if (next === undefined) return false;
    select(rangeOf(names, anchor ?? id, next), anchor ?? id);
    setCurrent(next);
    return true;
  };
  const checked = (id: string, event: { shiftKey: boolean }): void => {
    if (event.shiftKey) select([...selected, ...rangeOf(names, anchor, id)], anchor ?? id);
    else toggle(id);
  };
  const gridColumns = useGridColumns({ columns, ids: names, selection, isWide });
  return (
    <Grid
      handle={grid}
      label={words.list}
      columns={gridColumns}
      ids={ids}
      headings={headings}
      rowHeight={useRowHeight(total)}
      isHeadless={!isWide}
      renderRow={(id) =>
        isWide ? (
          <WideRow
            key={id}
            name={id}
            columns={columns}
            isSelected={selected.has(id)}
            onCheck={mayOperate ? checked : null}
          />
        ) : (
          <NarrowRow key={id} name={id} />
        )
      }
      current={current}
      onCurrent={setCurrent}
      {...(mayOperate && isWide ? { selected } : {})}
      onOpen={(name) => void navigate({ to: '/instances/$name', params: { name } })}
      onKey={pressed}
      sort={{ by: sort, order }}
      onSort={sortBy}
      empty={<NoMatch />}
    />
  );
}

/** The lines of the list: the rows, and the headings of their groups. */
function linesOf(rows: readonly Row[], hasHeadings: boolean) {
  if (!hasHeadings) {
    const names = rows.map(({ name }) => name);
    return { ids: names, names, headings: new Map<string, ReactNode>() };
  }
  const groups = groupedRows(rows);
  // A name of an instance has no colon.
  const heading = (name: string | null): string => `group:${name ?? ''}`;
  return {
    ids: groups.flatMap((group) => [heading(group.name), ...group.rows.map(({ name }) => name)]),
    names: groups.flatMap((group) => group.rows.map(({ name }) => name)),
    headings: new Map(groups.map(({ name }) => [heading(name), <GroupHeading key={name} name={name} />])),
  };
}

function useRowHeight(count: number): number {
  const isWide = useMedia(WIDE);
  const isCoarse = useMedia(COARSE);
  if (!isWide) return TWO_LINES;
  if (isCoarse) return TOUCH;
  return count < MANY ? COMFORTABLE : COMPACT;
}

function useGridColumns(list: {
  columns: readonly ColumnId[];
  ids: readonly string[];
  selection: Selection;
  isWide: boolean;
}): GridColumn[] {
  const { columns, ids, selection, isWide } = list;
  const { selected, select } = selection;
  const words = useWords(instancesWords);
  const mayOperate = useMay('operator');
  const isCoarse = useMedia(COARSE);
  if (!isWide) return [{ id: 'instance', title: words.columnNames.name, width: 'minmax(0, 1fr)' }];
  const chosen = ids.filter((id) => selected.has(id)).length;
  const all = ids.length > 0 && chosen === ids.length;
  const head = (
    <Checkbox
      label={words.selectAll}
      isLabelHidden
      checked={all}
      isMixed={chosen > 0 && !all}
      // Selected rows that the search hides stay as they are.
      onCheck={(isOn) => select([...selected].filter((id) => !ids.includes(id)).concat(isOn ? ids : []), null)}
    />
  );
  return [
    ...(mayOperate ? [{ id: 'select', title: head, width: '2.5rem' }] : []),
    ...COLUMNS.filter(({ id }) => columns.includes(id)).map((column) => ({
      ...column,
      title: words.columnNames[column.id],
      isSortable: true,
    })),
    {
      id: 'actions',
      title: <span className="sr-only">{words.columnNames.actions}</span>,
      width: isCoarse ? '8.75rem' : '6.75rem',
      isNumber: true,
      isSticky: true,
    },
  ];
}

interface WideRowProps {
  name: string;
  columns: readonly ColumnId[];
  isSelected: boolean;
  /** `null`: rows cannot be selected. */
  onCheck: ((name: string, event: { shiftKey: boolean }) => void) | null;
}

/** Listens to its instance alone, and does not render when the list scrolls. */
const WideRow = memo(function WideRow({ name, columns, isSelected, onCheck }: WideRowProps) {
  const words = useWords(instancesWords);
  const row = useRow(name);
  const hasShift = useRef(false);
  if (row === undefined) return null;
  const isShort = isOnlyReason(row, words);
  const shown = isShort ? shortColumns(columns) : columns;
  return (
    <>
      {onCheck !== null && (
        <GridCell>
          <Checkbox
            label={words.select(name)}
            isLabelHidden
            tabIndex={-1}
            checked={isSelected}
            onClick={({ shiftKey }: MouseEvent) => (hasShift.current = shiftKey)}
            onCheck={() => onCheck(name, { shiftKey: hasShift.current })}
          />
        </GridCell>
      )}
      {COLUMNS.filter(({ id }) => shown.includes(id)).map(({ id }) => (
        <InstanceCell key={id} column={id} row={row} statusSpan={isShort ? freeColumns(columns) : 1} />
      ))}
      <GridCell isNumber isSticky>
        <RowActions row={row} />
      </GridCell>
    </>
  );
});
