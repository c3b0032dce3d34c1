import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import type { AuditRow } from '@llamactl/client';
import { useCallback, useMemo, useState } from 'react';
import { clockTime } from '../../../format/clock-time.ts';
import { Button } from '../../components/button.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { Grid, type GridColumn } from '../../components/grid.tsx';
import { QueryPart } from '../../components/query-part.tsx';
import { useApp } from '../../lib/app.ts';
import { useWords } from '../../lib/language.ts';
import { useMedia, WIDE } from '../../lib/media.ts';
import { useNow } from '../../lib/now.ts';
import { keysQuery } from '../../lib/queries.ts';
import { accessWords } from '../../words/access.ts';
import { AuditFilters } from './audit-filters.tsx';
import { auditFilter, hasAuditFilter } from './audit-query.ts';
import { AuditCells, AuditDetails, NarrowAudit } from './audit-row.tsx';

const PAGE = 100;
const COMPACT = 33;
const TWO_LINES = 60;
const CLOCK_LENGTH = '14:03:12'.length;

/** Who did what, newest first. Older rows come while one scrolls. */
export function AuditTab() {
  const { client } = useApp();
  const filters = auditFilter(useSearch({ from: '/access' }), useWords(accessWords).auditActions, useNow(60));
  const query = useInfiniteQuery({
    queryKey: ['audit', filters],
    queryFn: ({ pageParam, signal }) => client.getAudit({ ...filters, limit: PAGE, before_seq: pageParam, signal }),
    // The rows of before stay while one types a filter.
    placeholderData: keepPreviousData,
    initialPageParam: undefined as number | undefined,
    getNextPageParam: (rows) => (rows.length < PAGE ? undefined : rows.at(-1)?.seq),
  });
  const { hasNextPage, isFetching, fetchNextPage } = query;
  const older = useCallback(() => void fetchNextPage(), [fetchNextPage]);
  return (
    <>
      <AuditFilters filters={filters} />
      <QueryPart query={query}>
        {({ pages }) => <AuditGrid rows={pages.flat()} onEnd={hasNextPage && !isFetching ? older : undefined} />}
      </QueryPart>
    </>
  );
}

function AuditGrid({ rows, onEnd }: { rows: readonly AuditRow[]; onEnd: (() => void) | undefined }) {
  const words = useWords(accessWords);
  const navigate = useNavigate({ from: '/access' });
  const isFiltered = hasAuditFilter(useSearch({ from: '/access' }));
  const isWide = useMedia(WIDE);
  const now = useNow(60);
  const [current, setCurrent] = useState<string | null>(null);
  const [isOpen, setOpen] = useState(false);
  const bySeq = useMemo(() => new Map(rows.map((row) => [String(row.seq), row])), [rows]);
  const { client } = useApp();
  const { data: keys } = useQuery(keysQuery(client));
  const keyNames = useMemo(() => new Map(keys?.map(({ id, name }) => [id, name])), [keys]);
  const open = current === null || !isOpen ? undefined : bySeq.get(current);
  const hasDates = rows.some(({ timestamp }) => clockTime(timestamp, now).length > CLOCK_LENGTH);
  return (
    <>
      <Grid
        label={words.tabs.audit}
        columns={useColumns(isWide, hasDates)}
        ids={[...bySeq.keys()]}
        rowHeight={isWide ? COMPACT : TWO_LINES}
        isHeadless={!isWide}
        renderRow={(seq) => {
          const row = bySeq.get(seq);
          if (row === undefined) return null;
          return isWide ? <AuditCells row={row} keyNames={keyNames} /> : <NarrowAudit row={row} keyNames={keyNames} />;
        }}
        current={current}
        onCurrent={setCurrent}
        onOpen={(seq) => {
          setCurrent(seq);
          setOpen(true);
        }}
        opensOnClick
        onEnd={onEnd}
        empty={
          <EmptyState
            icon="logs"
            title={words.noAudit}
            action={
              isFiltered ? (
                <Button onClick={() => void navigate({ search: { tab: 'audit' }, replace: true })}>
                  {words.clearFilters}
                </Button>
              ) : undefined
            }
          >
            {words.noAuditHint}
          </EmptyState>
        }
      />
      {open !== undefined && <AuditDetails row={open} keyNames={keyNames} onClose={() => setOpen(false)} />}
    </>
  );
}

function useColumns(isWide: boolean, hasDates: boolean): GridColumn[] {
  const { auditColumns: columns, tabs } = useWords(accessWords);
  if (!isWide) return [{ id: 'row', title: tabs.audit, width: 'minmax(0, 1fr)' }];
  return [
    { id: 'time', title: columns.time, width: hasDates ? '156px' : '84px' },
    { id: 'subject', title: columns.subject, width: 'minmax(120px, 0.8fr)' },
    { id: 'action', title: columns.action, width: 'minmax(140px, 1.2fr)' },
    { id: 'target', title: columns.target, width: 'minmax(140px, 1.8fr)' },
    { id: 'change', title: columns.change, width: 'minmax(180px, 2fr)' },
    { id: 'address', title: columns.address, width: '120px' },
    { id: 'status', title: columns.status, width: '84px', isNumber: true },
  ];
}
