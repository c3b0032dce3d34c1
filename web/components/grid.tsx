import {
  useCallback,
  useEffect,
  useId,
  useImperativeHandle,
  useLayoutEffect,
  useRef,
  useState,
  type KeyboardEvent,
  type ReactNode,
  type Ref,
} from 'react';
import { classNames } from '../lib/class-names.ts';
import { textScale } from '../lib/media.ts';
import { leastWidth, movedIndex, rowAt, rowWindow, type RowWindow } from '../lib/rows.ts';
import { useShortcuts } from '../lib/shortcuts.ts';
import { GridHead, STICKY, type GridColumn, type GridSort } from './grid-head.tsx';

import { useLostFocus } from './lost-focus.ts';

export type { GridColumn } from './grid-head.tsx';

/** A key of the grid, also one that the user pressed elsewhere on the page. */
export type GridKey = Pick<KeyboardEvent, 'key' | 'shiftKey'>;

/** The actions of others on a grid. */
export interface GridHandle {
  /** Moves the focus into the grid, and presses a key there. */
  press: (key: GridKey) => void;
}

export interface GridProps {
  handle?: Ref<GridHandle>;
  /** For screen readers. */
  label: string;
  columns: readonly GridColumn[];
  /** One id for each row, in the order of the list. */
  ids: readonly string[];
  /** Rows that are headings of those below them: they have one cell, and no keys reach them. By id. */
  headings?: ReadonlyMap<string, ReactNode>;
  /** Pixels at the normal size of text; every row has the same height. */
  rowHeight: number;
  /** Renders the cells of one row as `GridCell`s, in the order of the columns. */
  renderRow: (id: string) => ReactNode;
  /** The row that the keys act on. */
  current: string | null;
  onCurrent: (id: string) => void;
  selected?: ReadonlySet<string>;
  /** Called with the row for Enter and a double click. */
  onOpen?: (id: string) => void;
  /** A single click opens a row too, for rows that cannot be selected. */
  opensOnClick?: boolean;
  /** Called for other keys. Returns whether it used the key. */
  onKey?: (key: GridKey, id: string | null) => boolean;
  sort?: GridSort;
  onSort?: (by: string) => void;
  /** Leaves out the head, as for rows of two lines. */
  isHeadless?: boolean;
  /** Called when the last rows are near, to load more. Leave it out while they are on their way. */
  onEnd?: (() => void) | undefined;
  /** Shown in place of the rows if there are none. */
  empty?: ReactNode;
}

/** Pixels at the normal size of text. */
const HEAD = 32;

/** Keys that bring the focus into the grid, from anywhere on the page. */
const MOVING_KEYS = ['ArrowDown', 'ArrowUp', 'j', 'k'];

/** A virtual list with columns, for up to thousands of rows. It is one stop of the Tab key; arrows move in it. */
export function Grid(props: GridProps) {
  const {
    handle,
    label,
    columns,
    ids,
    headings,
    rowHeight: normalHeight,
    renderRow,
    current,
    onCurrent,
    selected,
    onOpen,
    opensOnClick = false,
    onKey,
    sort,
    onSort,
    isHeadless = false,
    onEnd,
    empty,
  } = props;
  const id = useId();
  const [scale] = useState(textScale);
  const [rowHeight, headHeight] = [normalHeight * scale, HEAD * scale];
  const scroller = useRef<HTMLDivElement>(null);
  // A list is no higher than the window: rows that are below it cost a start of the page, and go with the first measure.
  const [shown, setShown] = useState<RowWindow>(() =>
    rowWindow({ count: ids.length, rowHeight, scrollTop: 0, height: window.innerHeight - headHeight }),
  );
  const measure = useCallback(() => {
    const element = scroller.current;
    if (element === null) return;
    const next = rowWindow({
      count: ids.length,
      rowHeight,
      scrollTop: element.scrollTop,
      height: element.clientHeight,
    });
    setShown((before) => (before.first === next.first && before.end === next.end ? before : next));
  }, [ids.length, rowHeight]);
  useLayoutEffect(measure, [measure]);
  useEffect(() => {
    const element = scroller.current;
    if (element === null) return undefined;
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, [measure]);

  const isNearEnd = ids.length > 0 && shown.end >= ids.length;
  useEffect(() => {
    if (isNearEnd) onEnd?.();
  }, [isNearEnd, onEnd]);

  const show = (index: number): void => {
    const element = scroller.current;
    if (element === null) return;
    const head = isHeadless ? 0 : headHeight;
    const [top, bottom] = [index * rowHeight, (index + 1) * rowHeight];
    if (top < element.scrollTop) element.scrollTop = top;
    else if (bottom + head > element.scrollTop + element.clientHeight)
      element.scrollTop = bottom + head - element.clientHeight;
  };
  /** Acts on a key. @returns Whether the grid used it. */
  const act = ({ key, shiftKey }: GridKey): boolean => {
    if (onKey?.({ key, shiftKey }, current) === true) return true;
    if (key === 'Enter' && current !== null && onOpen !== undefined) {
      onOpen(current);
      return true;
    }
    const at = current === null ? -1 : ids.indexOf(current);
    const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / rowHeight) - 1);
    const next = movedIndex(key, at, ids.length, page);
    if (next === null) return false;
    const index = rowAt(next, next < at ? -1 : 1, ids.length, (each) => headings?.has(ids[each] ?? '') !== true);
    const target = ids[index];
    if (target === undefined) return false;
    onCurrent(target);
    // The heading of the first row is seen too.
    show(headings?.has(ids[index - 1] ?? '') === true ? index - 1 : index);
    show(index);
    return true;
  };
  const pressed = (event: KeyboardEvent): void => {
    // Controls inside of a row keep their keys.
    if (event.target !== event.currentTarget || event.defaultPrevented) return;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (act(event)) event.preventDefault();
  };
  const press = (key: GridKey): void => {
    scroller.current?.focus();
    act(key);
  };
  useImperativeHandle(handle, () => ({ press }));
  useShortcuts(
    label,
    MOVING_KEYS.map((key) => ({ keys: key, label: '', isUnlisted: true, run: () => press({ key, shiftKey: false }) })),
  );
  const focused = useLostFocus(() => scroller.current?.focus());

  const widths = columns.map(({ width }) => width);
  const template = widths.join(' ');
  return (
    <div
      ref={scroller}
      role="grid"
      aria-label={label}
      aria-rowcount={ids.length + 1}
      aria-colcount={columns.length}
      aria-multiselectable={selected !== undefined}
      aria-activedescendant={current !== null && ids.includes(current) ? `${id}-${current}` : undefined}
      tabIndex={0}
      onScroll={measure}
      onKeyDown={pressed}
      onFocus={focused}
      className="group/grid min-h-0 grow overflow-auto -outline-offset-2"
    >
      <div style={{ minWidth: leastWidth(widths) * scale }}>
        {!isHeadless && <GridHead {...{ columns, template, sort, onSort }} height={headHeight} />}
        {ids.length === 0 ? (
          <div role="row">
            <div role="gridcell">{empty}</div>
          </div>
        ) : (
          <div role="rowgroup" style={{ height: ids.length * rowHeight }} className="relative">
            {ids.slice(shown.first, shown.end).map((row, offset) => {
              const at = shown.first + offset;
              const heading = headings?.get(row);
              const place = { height: rowHeight, transform: `translateY(${at * rowHeight}px)` };
              if (heading !== undefined) {
                return (
                  <div key={row} role="row" aria-rowindex={at + 2} style={place} className={HEADING}>
                    <div role="gridcell" aria-colspan={columns.length} className="w-full min-w-0 px-2">
                      {heading}
                    </div>
                  </div>
                );
              }
              return (
                // oxlint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/interactive-supports-focus -- the grid has the focus and the keys
                <div
                  key={row}
                  id={`${id}-${row}`}
                  role="row"
                  aria-rowindex={at + 2}
                  aria-selected={selected?.has(row)}
                  data-current={row === current || undefined}
                  onClick={() => {
                    onCurrent(row);
                    if (opensOnClick) onOpen?.(row);
                  }}
                  onDoubleClick={() => onOpen?.(row)}
                  style={{ gridTemplateColumns: template, ...place }}
                  className={classNames(
                    'absolute inset-x-0 top-0 grid items-center border-b border-line px-2 wide:px-4',
                    'group-focus-visible/grid:data-current:bg-hover group-focus-visible/grid:data-current:shadow-[inset_2px_0_0_var(--accent)]',
                    selected?.has(row) === true ? 'bg-selected' : 'bg-canvas hover:bg-hover',
                  )}
                >
                  {renderRow(row)}
                </div>
              );
            })}
          </div>
        )}
      </div>
    </div>
  );
}

const HEADING = 'absolute inset-x-0 top-0 flex items-center border-b border-line bg-panel px-2 wide:px-4';

/** A cell of a grid. Long text is cut; give it as `tip` too. */
export function GridCell({
  isNumber = false,
  isSticky = false,
  span = 1,
  tip,
  children,
  className,
}: {
  isNumber?: boolean;
  isSticky?: boolean;
  /** Columns that it takes. */
  span?: number;
  tip?: string | undefined;
  children?: ReactNode;
  className?: string;
}) {
  return (
    <div
      role="gridcell"
      aria-colspan={span > 1 ? span : undefined}
      style={span > 1 ? { gridColumn: `span ${span}` } : undefined}
      data-tip={tip}
      className={classNames(
        'min-w-0 px-2',
        isNumber ? 'figures text-right' : 'truncate',
        isSticky && `${STICKY} flex items-center justify-end`,
        className,
      )}
    >
      {children}
    </div>
  );
}
