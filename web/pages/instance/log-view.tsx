import {
  useCallback,
  useEffect,
  useImperativeHandle,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
  useSyncExternalStore,
  type Ref,
} from 'react';
import { Button } from '../../components/button.tsx';
import { useWords } from '../../lib/language.ts';
import { useMedia, WIDE } from '../../lib/media.ts';
import { instanceWords } from '../../words/instance.ts';
import { GUTTER, LogLine } from './log-row.tsx';
import { logLayout } from './log-layout.ts';
import type { LogSession } from './log-session.ts';
import type { LogRow, LogStore } from './log-store.ts';

/** The commands of the toolbar and of the keys. */
export interface LogViewHandle {
  /** Scrolls to a row and marks it. @param number Of the row in the store. */
  show: (number: number) => void;
  /** Goes to the end and follows new lines. */
  follow: () => void;
  /** The number of the first row on the screen. */
  top: () => number;
  /** Gives the focus to the lines. */
  focus: () => void;
}

interface LogViewProps {
  session: LogSession;
  isWrapped: boolean;
  pattern: RegExp | null;
  isFollowing: boolean;
  onFollow: (isFollowing: boolean) => void;
  ref: Ref<LogViewHandle>;
}

/** The place of the view. */
interface Anchor {
  /** Of the row; `null`: there was none. */
  key: LogRow['key'] | null;
  /** Its number in the store, when it had this many shifts. */
  number: number;
  shifts: number;
  offset: number;
  top: number;
}

/** Rows rendered above and below the visible ones. */
const MARGIN = 12;
/** Pixels from the end within which the view still counts as at the end. */
const END_PX = 8;
/** Pixels from the begin at which older lines are requested. */
const OLDER_PX = 2_000;

/**
 * The lines of a log, of which only the visible ones are rendered. It follows new lines until the reader scrolls up; then
 * the lines on the screen stay where they are, whatever comes or goes.
 */
export function LogView({ session, isWrapped, pattern, isFollowing, onFollow, ref }: LogViewProps) {
  const words = useWords(instanceWords).logs;
  const { store } = session;
  const version = useSyncExternalStore(store.subscribe, store.version);
  const box = useRef<HTMLDivElement>(null);
  const ruler = useRef<HTMLSpanElement>(null);
  const isWide = useMedia(WIDE);
  const [size, setSize] = useState({ width: 0, height: 0, character: 7 });
  const [scrollTop, setScrollTop] = useState(0);
  /** The key of the marked row: rows that come between others change the numbers. */
  const [current, setCurrent] = useState<LogRow['key'] | null>(null);
  const gutter = isWide ? GUTTER.wide : GUTTER.narrow;
  const columns = isWrapped ? Math.max(20, Math.floor((size.width - 24) / size.character) - gutter) : null;
  // oxlint-disable-next-line react/exhaustive-deps -- the rows change with the version
  const layout = useMemo(() => logLayout(store.rows, columns), [store, version, columns]);
  /** The place that stays: the first row on the screen, how far it is scrolled, and where the view was left. */
  const anchor = useRef<Anchor>({ key: null, number: 0, offset: 0, top: 0, shifts: 0 });
  const pausedAt = useRef(0);

  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return undefined;
    const measure = (): void => {
      const character = (ruler.current?.getBoundingClientRect().width ?? 700) / 100;
      setSize({ width: element.clientWidth, height: element.clientHeight, character });
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  const remember = useCallback(
    (top: number) => {
      const index = layout.at(top);
      const { key = null } = store.rows[index] ?? {};
      anchor.current = { key, number: store.first + index, offset: top - layout.top(index), top, shifts: store.shifts };
    },
    [layout, store],
  );

  const moveTo = useCallback(
    (top: number) => {
      const element = box.current;
      if (element === null) return;
      element.scrollTop = top;
      remember(element.scrollTop);
      setScrollTop(element.scrollTop);
    },
    [remember],
  );

  // Before the screen is painted, so that nothing jumps.
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null || size.height === 0) return;
    if (isFollowing) {
      // The rows of the end are rendered already: no second render.
      element.scrollTop = element.scrollHeight;
      remember(element.scrollTop);
      return;
    }
    setScrollTop(element.scrollTop);
    const { offset } = anchor.current;
    const number = numberNow(anchor.current, store);
    const top = layout.top(Math.max(0, number - store.first)) + (number < store.first ? 0 : offset);
    if (Math.abs(top - element.scrollTop) >= 1) moveTo(top);
  }, [layout, size, isFollowing, moveTo, remember, store]);

  useEffect(() => {
    if (!isFollowing) pausedAt.current = store.written;
  }, [isFollowing, store]);

  const onScroll = (): void => {
    const element = box.current;
    if (element === null) return;
    const { scrollTop: top, scrollHeight, clientHeight } = element;
    const isUp = top < anchor.current.top - 1;
    // Moves of the page itself are remembered before they happen, so this one is of the reader.
    const isDown = top > anchor.current.top + 1;
    const isAtEnd = scrollHeight - clientHeight - top <= END_PX;
    remember(top);
    if (!isFollowing || isUp) setScrollTop(top);
    if (isFollowing && isUp && !isAtEnd) onFollow(false);
    else if (!isFollowing && isAtEnd && isDown) onFollow(true);
    if (top < OLDER_PX) void session.loadOlder();
  };

  /** The wheel says what the reader wants even if a new line moves the view to the end before the scroll is reported. */
  const onWheel = ({ deltaY }: { deltaY: number }): void => {
    if (isFollowing && deltaY < 0 && layout.height > size.height) onFollow(false);
  };

  useImperativeHandle(ref, () => ({
    show: (number) => {
      onFollow(false);
      const index = number - store.first;
      setCurrent(store.rows[index]?.key ?? null);
      const top = Math.max(0, layout.top(index) - size.height / 3);
      // The view keeps the place that is remembered, so it is remembered first.
      requestAnimationFrame(() => moveTo(top));
    },
    follow: () => {
      setCurrent(null);
      onFollow(true);
    },
    focus: () => box.current?.focus(),
    top: () => numberOf(current, store) ?? numberNow(anchor.current, store) - 1,
  }));

  const shownTop = isFollowing ? Math.max(0, layout.height - size.height) : scrollTop;
  const first = Math.max(0, layout.at(shownTop) - MARGIN);
  const end = Math.min(store.rows.length, layout.at(shownTop + size.height) + 1 + MARGIN);
  const news = isFollowing ? 0 : store.written - pausedAt.current;
  return (
    <div className="relative flex min-h-0 grow flex-col">
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- it scrolls by keyboard */}
      <div
        ref={box}
        role="region"
        aria-label={words.label}
        tabIndex={0}
        onScroll={onScroll}
        onWheel={onWheel}
        className="relative min-h-0 grow overflow-auto bg-canvas font-mono text-[0.75rem] leading-5 -outline-offset-2 [overflow-anchor:none]"
      >
        {/* Within a box of its own, so that the log does not scroll sideways for it. */}
        <span aria-hidden className="invisible absolute size-0 overflow-hidden whitespace-pre">
          <span ref={ruler}>{'0'.repeat(100)}</span>
        </span>
        <div
          style={{
            height: layout.height,
            minWidth: isWrapped ? undefined : `${store.longest + gutter + 2}ch`,
          }}
          className="relative"
        >
          <div style={{ transform: `translateY(${layout.top(first)}px)` }} className="absolute inset-x-0 top-0">
            {store.rows.slice(first, end).map((row, at) => (
              <LogLine
                key={row.key}
                row={row}
                lines={layout.lines(first + at)}
                columns={columns}
                pattern={pattern}
                isCurrent={row.key === current}
              />
            ))}
          </div>
        </div>
      </div>
      {!isFollowing && layout.height > size.height && (
        <div className="pointer-events-none absolute inset-x-0 bottom-3 flex justify-center">
          <Button
            size="small"
            kind="primary"
            icon="chevron-down"
            className="pointer-events-auto shadow-float"
            onClick={() => {
              setCurrent(null);
              onFollow(true);
            }}
          >
            {news > 0 ? words.newLines(news) : words.toEnd}
          </Button>
        </div>
      )}
    </div>
  );
}

/** The number of a row; `null`: the store no longer has it. */
function numberOf(key: LogRow['key'] | null, { rows, first }: Pick<LogStore, 'rows' | 'first'>): number | null {
  const index = key === null ? -1 : rows.findIndex((row) => row.key === key);
  return index === -1 ? null : first + index;
}

/** The number of the anchor's row, also after rows came between those above it. */
function numberNow({ key, number, shifts }: Anchor, store: LogStore): number {
  return shifts === store.shifts ? number : (numberOf(key, store) ?? number);
}
