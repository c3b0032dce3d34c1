import { useNavigate } from '@tanstack/react-router';
import { memo, useDeferredValue, useMemo, useRef, useState, type KeyboardEvent, type MouseEvent } from 'react';
import { Checkbox } from '../../components/checkbox.tsx';
import { Grid, GridCell, type GridColumn } from '../../components/grid.tsx';
import { useMay } from '../../lib/app.ts';
import { useInstanceActions } from '../../lib/instance-actions.ts';
import { useWords } from '../../lib/language.ts';
import { useIsOnline, useRow } from '../../lib/live/live-hooks.ts';
import type { Row } from '../../lib/live/row-store.ts';
import { COARSE, useMedia, WIDE } from '../../lib/media.ts';
import { rangeOf } from '../../lib/rows.ts';
import { useShortcuts } from '../../lib/shortcuts.ts';
import { commandsWords } from '../../words/commands.ts';
import { instancesWords } from '../../words/instances.ts';
import { COLUMNS, type ColumnId } from './columns.ts';
import { InstanceCell } from './instance-cells.tsx';
import { filteredRows, sortedRows } from './instance-order.ts';
import type { InstancesSearch } from './instances-search.ts';
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
  rows: readonly Row[];
  columns: readonly ColumnId[];
  search: InstancesSearch;
  selection: Selection;
}

/** The list of instances with its keys. */
export function InstanceList({ rows, columns, search, selection }: InstanceListProps) {
  const words = useWords(instancesWords);
  const navigate = useNavigate({ from: '/instances' });
  const isWide = useMedia(WIDE);
  const mayOperate = useMay('operator');
  const { sort = 'name', order = 'up' } = search;
  const sorted = useMemo(() => sortedRows(rows, sort, order), [rows, sort, order]);
  const wanted = useDeferredValue(search);
  const ids = useMemo(() => filteredRows(sorted, wanted).map(({ name }) => name), [sorted, wanted]);
  const [current, setCurrent] = useState<string | null>(null);
  const { selected, toggle, select, anchor } = selection;
  useListKeys(current, selection);

  const sortBy = (by: string): void => {
    const column = COLUMNS.find(({ id }) => id === by)?.id;
    if (column === undefined) return;
    const turns = column === sort && order === 'up';
    void navigate({ search: { ...search, sort: column, order: turns ? 'down' : undefined }, replace: true });
  };
  const pressed = ({ key, shiftKey }: KeyboardEvent, id: string | null): boolean => {
    if ((key === ' ' || key === 'x') && id !== null && mayOperate) {
      toggle(id);
      return true;
    }
    if (!shiftKey || (key !== 'ArrowDown' && key !== 'ArrowUp') || !mayOperate) return false;
    const next =
      ids[Math.min(ids.length - 1, Math.max(0, (id === null ? -1 : ids.indexOf(id)) + (key === 'ArrowDown' ? 1 : -1)))];
    if (next === undefined) return false;
    select(rangeOf(ids, anchor ?? id, next), anchor ?? id);
    setCurrent(next);
    return true;
  };
  const checked = (id: string, event: { shiftKey: boolean }): void => {
    if (event.shiftKey) select([...selected, ...rangeOf(ids, anchor, id)], anchor ?? id);
    else toggle(id);
  };
  const gridColumns = useGridColumns({ columns, ids, selection, isWide });
  return (
    <Grid
      label={words.list}
      columns={gridColumns}
      ids={ids}
      rowHeight={useRowHeight(rows.length)}
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
      onCheck={(isOn) => select(isOn ? ids : [], null)}
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
      width: isCoarse ? '6rem' : '4.75rem',
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
      {COLUMNS.filter(({ id }) => columns.includes(id)).map(({ id }) => (
        <InstanceCell key={id} column={id} row={row} />
      ))}
      <GridCell isNumber isSticky>
        <RowActions row={row} />
      </GridCell>
    </>
  );
});

/** Keys that act on the current row, or on the selected ones. */
function useListKeys(current: string | null, { selected, clear }: Selection): void {
  const words = useWords(instancesWords);
  const commands = useWords(commandsWords);
  const navigate = useNavigate();
  const actions = useInstanceActions();
  const isOnline = useIsOnline();
  const mayOperate = useMay('operator') && isOnline;
  const isAdmin = useMay('admin');
  const named = (): readonly string[] => (selected.size > 0 ? [...selected] : current === null ? [] : [current]);
  const one = (action: (name: string) => void) => (): void => {
    if (current !== null) action(current);
  };
  const many = (action: (...names: readonly string[]) => void) => (): void => {
    const names = named();
    if (names.length > 0) action(...names);
  };
  useShortcuts(words.keysPlace, [
    { keys: 'ArrowDown', label: words.keyNext, run: null },
    { keys: 'Enter', label: words.keyOpen, run: null },
    ...(mayOperate
      ? [
          { keys: 'x', label: words.keySelect, run: null },
          { keys: 'shift+ArrowDown', label: words.keyRange, run: null },
          { keys: 's', label: words.keyStartStop, run: one(actions.toggle) },
          { keys: 'r', label: commands.restart, run: many(actions.restart) },
        ]
      : []),
    {
      keys: 'l',
      label: commands.logs,
      run: one((name) => void navigate({ to: '/instances/$name', params: { name }, search: { tab: 'logs' } })),
    },
    ...(isAdmin
      ? [
          {
            keys: 'e',
            label: commands.edit,
            run: one((name) => void navigate({ to: '/instances/$name/edit', params: { name } })),
          },
          { keys: 'Delete', label: commands.remove, run: many(actions.delete) },
        ]
      : []),
    ...(selected.size > 0 ? [{ keys: 'Escape', label: words.keyClear, run: clear }] : []),
  ]);
}
