import { useMemo, useState, type ReactNode } from 'react';
import { clockTime } from '../../../format/clock-time.ts';
import { Grid, type GridColumn } from '../../components/grid.tsx';
import { useMay } from '../../lib/app.ts';
import { askToEnd } from '../../lib/asked-request.ts';
import { useWords } from '../../lib/language.ts';
import { useMedia, WIDE } from '../../lib/media.ts';
import { useNow } from '../../lib/now.ts';
import { useShortcuts } from '../../lib/shortcuts.ts';
import { requestsWords } from '../../words/requests.ts';
import { ownerOf, useOwners } from './callers.ts';
import { isFinished, scaleOf, type SeenRequest } from './course.ts';
import { NarrowRequest, RequestCells } from './request-cells.tsx';
import { RequestDrawer } from './request-drawer.tsx';

const COMPACT = 33;
const TWO_LINES = 60;
const CLOCK_LENGTH = '14:03:12'.length;

interface RequestGridProps {
  /** Default: requests of the whole server. */
  label?: string;
  requests: readonly SeenRequest[];
  /** All requests are for one instance, so the rows do not name it. */
  isOfOne?: boolean;
  /** The request whose details are open. */
  open: string | undefined;
  onOpen: (id: string | undefined) => void;
  /** Shown if there are no requests. */
  empty: ReactNode;
}

/** Requests as rows with their courses on one time scale, and the details of one. */
export function RequestGrid({ label, requests, isOfOne = false, open, onOpen, empty }: RequestGridProps) {
  const words = useWords(requestsWords);
  const isWide = useMedia(WIDE);
  const now = useNow();
  const owners = useOwners();
  const [current, setCurrent] = useState<string | null>(null);
  const byId = useMemo(() => new Map(requests.map((request) => [request.id, request])), [requests]);
  const scale = scaleOf(requests, now);
  // Times of other days have their date.
  const hasDates = requests.some(({ started_at: at }) => clockTime(at, now).length > CLOCK_LENGTH);
  const shown = open === undefined ? undefined : byId.get(open);
  useRequestKeys(current === null ? undefined : byId.get(current));
  return (
    <>
      <Grid
        label={label ?? words.list}
        columns={useColumns({ isWide, hasDates, isOfOne })}
        ids={[...byId.keys()]}
        rowHeight={isWide ? COMPACT : TWO_LINES}
        isHeadless={!isWide}
        renderRow={(id) => {
          const request = byId.get(id);
          if (request === undefined) return null;
          const owner = ownerOf(owners, request.caller);
          return isWide ? (
            <RequestCells {...{ request, owner, now, scale, isOfOne }} />
          ) : (
            <NarrowRequest {...{ request, owner, now, scale, isOfOne }} />
          );
        }}
        current={current}
        onCurrent={setCurrent}
        onOpen={onOpen}
        opensOnClick
        empty={empty}
      />
      {shown !== undefined && (
        <RequestDrawer
          request={shown}
          owner={ownerOf(owners, shown.caller)}
          now={now}
          onClose={() => onOpen(undefined)}
        />
      )}
    </>
  );
}

interface Layout {
  isWide: boolean;
  hasDates: boolean;
  isOfOne: boolean;
}

function useColumns({ isWide, hasDates, isOfOne }: Layout): GridColumn[] {
  const { columns, title } = useWords(requestsWords);
  if (!isWide) return [{ id: 'request', title, width: 'minmax(0, 1fr)' }];
  return [
    { id: 'time', title: columns.time, width: hasDates ? '156px' : '84px' },
    ...(isOfOne ? [] : [{ id: 'instance', title: columns.instance, width: 'minmax(110px, 1fr)' }]),
    { id: 'caller', title: columns.caller, width: 'minmax(180px, 2fr)' },
    { id: 'path', title: columns.path, width: 'minmax(164px, 0.7fr)' },
    { id: 'bar', title: columns.bar, width: 'minmax(96px, 0.5fr)' },
    { id: 'duration', title: columns.duration, width: '84px', isNumber: true },
    { id: 'rate', title: columns.rate, width: '76px', isNumber: true },
    { id: 'tokens', title: columns.tokens, width: '104px', isNumber: true },
    { id: 'outcome', title: columns.outcome, width: 'minmax(180px, 0.8fr)' },
  ];
}

/** Keys that act on the current row. */
function useRequestKeys(current: SeenRequest | undefined): void {
  const words = useWords(requestsWords);
  const mayEnd = useMay('operator');
  useShortcuts(words.keysPlace, [
    { keys: 'Enter', label: words.keyOpen, run: null },
    ...(mayEnd && current !== undefined && !isFinished(current)
      ? [{ keys: 'Delete', label: words.keyEnd, run: () => askToEnd(current) }]
      : []),
  ]);
}
