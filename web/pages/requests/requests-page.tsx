import { useNavigate, useSearch } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import { clockTime } from '../../../format/clock-time.ts';
import { Button } from '../../components/button.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { ErrorState } from '../../components/error-state.tsx';
import { Grid, type GridColumn } from '../../components/grid.tsx';
import { PageHeader } from '../../components/page-header.tsx';
import { SkeletonRows } from '../../components/skeleton.tsx';
import { useMay } from '../../lib/app.ts';
import { askToEnd } from '../../lib/asked-request.ts';
import { useWords } from '../../lib/language.ts';
import { useMedia, WIDE } from '../../lib/media.ts';
import { useNow } from '../../lib/now.ts';
import { useShortcuts } from '../../lib/shortcuts.ts';
import { requestsWords } from '../../words/requests.ts';
import { isFinished, type SeenRequest } from './course.ts';
import { CourseLegend } from './course-bar.tsx';
import { NarrowRequest, RequestCells } from './request-cells.tsx';
import { RequestDrawer } from './request-drawer.tsx';
import { RequestFilters } from './request-filters.tsx';
import { useCallers } from './callers.ts';
import { scaleOf, useRequests } from './request-list.ts';
import { isFiltered, type RequestsSearch } from './requests-search.ts';

const COMPACT = 33;
const TWO_LINES = 60;
const CLOCK_LENGTH = '14:03:12'.length;

/** Requests in flight, and those that are over, with the time that each part took. */
export function RequestsPage() {
  const words = useWords(requestsWords);
  const search = useSearch({ from: '/requests' });
  const { instance, caller, outcome, slower } = search;
  const filters = useMemo(() => ({ instance, caller, outcome, slower }), [instance, caller, outcome, slower]);
  const seen = useRequests(filters);
  const callers = useCallers(seen.requests ?? [], caller);
  return (
    <>
      <PageHeader
        title={words.title}
        note={seen.requests === null ? undefined : words.summary(seen.active)}
        actions={<RequestFilters search={search} callers={callers} />}
      />
      {seen.error !== null && <ErrorState error={seen.error} onRetry={seen.retry} />}
      {seen.requests === null && seen.error === null && <SkeletonRows />}
      {seen.requests !== null && <RequestGrid requests={seen.requests} search={search} />}
      <footer className="flex min-h-10 shrink-0 flex-wrap items-center gap-x-4 gap-y-1 border-t border-line px-4 py-1 wide:px-6">
        <CourseLegend />
        <span className="text-label text-mute">{words.notKept}</span>
        {seen.loadOlder !== null && (
          <Button size="small" className="ml-auto" isPending={seen.isLoadingOlder} onClick={seen.loadOlder}>
            {words.older}
          </Button>
        )}
      </footer>
    </>
  );
}

function RequestGrid({ requests, search }: { requests: readonly SeenRequest[]; search: RequestsSearch }) {
  const words = useWords(requestsWords);
  const navigate = useNavigate({ from: '/requests' });
  const isWide = useMedia(WIDE);
  const now = useNow();
  const [current, setCurrent] = useState<string | null>(null);
  const byId = useMemo(() => new Map(requests.map((request) => [request.id, request])), [requests]);
  const scale = scaleOf(requests, now);
  // Times of other days have their date.
  const hasDates = requests.some(({ started_at: at }) => clockTime(at, now).length > CLOCK_LENGTH);
  const open = search.open === undefined ? undefined : byId.get(search.open);
  const show = (id: string | undefined): void => void navigate({ search: { ...search, open: id }, replace: true });
  useRequestKeys(current === null ? undefined : byId.get(current));
  return (
    <>
      <Grid
        label={words.list}
        columns={useColumns(isWide, hasDates)}
        ids={[...byId.keys()]}
        rowHeight={isWide ? COMPACT : TWO_LINES}
        isHeadless={!isWide}
        renderRow={(id) => {
          const request = byId.get(id);
          if (request === undefined) return null;
          return isWide ? (
            <RequestCells request={request} now={now} scale={scale} />
          ) : (
            <NarrowRequest request={request} now={now} scale={scale} />
          );
        }}
        current={current}
        onCurrent={setCurrent}
        onOpen={show}
        opensOnClick
        empty={<NoRequests search={search} />}
      />
      {open !== undefined && <RequestDrawer request={open} now={now} onClose={() => show(undefined)} />}
    </>
  );
}

function NoRequests({ search }: { search: RequestsSearch }) {
  const words = useWords(requestsWords);
  const navigate = useNavigate({ from: '/requests' });
  if (!isFiltered(search))
    return (
      <EmptyState icon="requests" title={words.none}>
        {words.noneHint}
      </EmptyState>
    );
  return (
    <EmptyState
      icon="filter"
      title={words.noMatch}
      action={<Button onClick={() => void navigate({ search: {}, replace: true })}>{words.clearFilters}</Button>}
    />
  );
}

function useColumns(isWide: boolean, hasDates: boolean): GridColumn[] {
  const { columns, title } = useWords(requestsWords);
  if (!isWide) return [{ id: 'request', title, width: 'minmax(0, 1fr)' }];
  return [
    { id: 'time', title: columns.time, width: hasDates ? '156px' : '84px' },
    { id: 'instance', title: columns.instance, width: 'minmax(110px, 1fr)' },
    { id: 'caller', title: columns.caller, width: 'minmax(110px, 1fr)' },
    { id: 'path', title: columns.path, width: 'minmax(170px, 1.2fr)' },
    { id: 'bar', title: columns.bar, width: 'minmax(140px, 1.6fr)' },
    { id: 'duration', title: columns.duration, width: '84px', isNumber: true },
    { id: 'rate', title: columns.rate, width: '76px', isNumber: true },
    { id: 'tokens', title: columns.tokens, width: '104px', isNumber: true },
    { id: 'outcome', title: columns.outcome, width: 'minmax(200px, 1fr)' },
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
