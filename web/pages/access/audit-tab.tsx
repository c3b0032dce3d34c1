import { keepPreviousData, useInfiniteQuery, useMutation } from '@tanstack/react-query';
import { useNavigate, useRouter, useSearch } from '@tanstack/react-router';
import type { AuditFilter, AuditRow } from '@llamactl/client';
import { useCallback, useEffect, useMemo, useState } from 'react';
import { clockTime } from '../../../format/clock-time.ts';
import { Moment } from '../../components/age.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { TextField } from '../../components/field.tsx';
import { Grid, GridCell, type GridColumn } from '../../components/grid.tsx';
import { QueryPart } from '../../components/query-part.tsx';
import { Select } from '../../components/select.tsx';
import { VerdictMark } from '../../components/status.tsx';
import { IconButton } from '../../components/icon-button.tsx';
import { showError } from '../../components/toast.tsx';
import { useApp } from '../../lib/app.ts';
import { useWords } from '../../lib/language.ts';
import { localText, momentOf } from '../../lib/local-time.ts';
import { useMedia, WIDE } from '../../lib/media.ts';
import { useNow } from '../../lib/now.ts';
import { saveFile } from '../../lib/save-file.ts';
import { callerText } from '../../lib/caller-text.ts';
import { accessWords } from '../../words/access.ts';
import { AUDIT_STATUSES, auditFilter } from './access-search.ts';

const PAGE = 100;
const COMPACT = 33;
const TWO_LINES = 60;
const CLOCK_LENGTH = '14:03:12'.length;
/** Milliseconds after the last letter until a filter counts. */
const QUIET_MS = 300;
const FILTERS = ['subject', 'action', 'target'] as const;
const TIMES = ['since', 'until'] as const;

/** Who did what, newest first. Older rows come while one scrolls. */
export function AuditTab() {
  const { client } = useApp();
  const filters = auditFilter(useSearch({ from: '/access' }));
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
      <div className="grid shrink-0 grid-cols-2 items-end gap-2 px-4 py-3 wide:flex wide:flex-wrap wide:px-6">
        {FILTERS.map((name) => (
          <Filter key={name} name={name} />
        ))}
        {TIMES.map((name) => (
          <TimeFilter key={`${name}=${filters[name] ?? ''}`} name={name} />
        ))}
        <StatusFilter />
        <Download filters={filters} />
      </div>
      <QueryPart query={query}>
        {({ pages }) => <AuditGrid rows={pages.flat()} onEnd={hasNextPage && !isFetching ? older : undefined} />}
      </QueryPart>
    </>
  );
}

/** A filter for a text. It counts after a short pause in typing, or at once on Enter. */
function Filter({ name }: { name: (typeof FILTERS)[number] }) {
  const words = useWords(accessWords);
  const current = useSearch({ from: '/access' })[name];
  const navigate = useNavigate({ from: '/access' });
  const router = useRouter();
  const [text, setText] = useState(current ?? '');
  const [known, setKnown] = useState(current);
  const [sent, setSent] = useState(current);
  if (known !== current) {
    setKnown(current);
    // The way back and links change the text; the answer to typing must not, because more may be typed by now.
    if (current !== sent) setText(current ?? '');
  }
  const example = { subject: words.filterSubject, action: words.filterAction, target: undefined }[name];
  const value = text.trim() === '' ? undefined : text.trim();
  const settle = useCallback((): void => {
    // Another page may be on its way; this would lead back.
    if (value === current || router.latestLocation.pathname !== '/access') return;
    setSent(value);
    // A typed text is a part of a name, even if a link led here with a whole one.
    void navigate({ search: (before) => ({ ...before, [name]: value, match: undefined }), replace: true });
  }, [value, current, name, navigate, router]);
  useEffect(() => {
    const timer = setTimeout(settle, QUIET_MS);
    return () => clearTimeout(timer);
  }, [settle]);
  return (
    <form
      className="min-w-0 wide:w-32"
      onSubmit={(event) => {
        event.preventDefault();
        settle();
      }}
    >
      <TextField
        label={words.auditColumns[name]}
        placeholder={example}
        type="search"
        value={text}
        onChange={({ target }) => setText(target.value)}
      />
    </form>
  );
}

/** The begin or the end of the period, in the reader's time zone. */
function TimeFilter({ name }: { name: (typeof TIMES)[number] }) {
  const words = useWords(accessWords);
  const search = useSearch({ from: '/access' });
  const navigate = useNavigate({ from: '/access' });
  const [text, setText] = useState(localText(search[name]));
  const settle = (): void => {
    if (text === localText(search[name])) return;
    void navigate({ search: { ...search, [name]: momentOf(text) }, replace: true });
  };
  return (
    <form
      className="min-w-0"
      onSubmit={(event) => {
        event.preventDefault();
        settle();
      }}
    >
      <TextField
        label={{ since: words.filterSince, until: words.filterUntil }[name]}
        type="datetime-local"
        value={text}
        onChange={({ target }) => setText(target.value)}
        // Enter opens the calendar of some browsers instead of sending the form.
        onKeyDown={({ key }) => key === 'Enter' && settle()}
        onBlur={settle}
      />
    </form>
  );
}

function StatusFilter() {
  const words = useWords(accessWords);
  const search = useSearch({ from: '/access' });
  const navigate = useNavigate({ from: '/access' });
  return (
    <Select
      label={words.auditColumns.status}
      className="min-w-0 wide:w-36"
      value={search.status ?? ALL}
      choices={[
        { value: ALL, label: words.allAnswers },
        ...AUDIT_STATUSES.map((value) => ({ value, label: words.answers[value] })),
      ]}
      onChoose={(value) =>
        void navigate({ search: { ...search, status: value === ALL ? undefined : value }, replace: true })
      }
    />
  );
}

/** The choice without a filter. */
const ALL = 'all';

function Download({ filters }: { filters: AuditFilter }) {
  const words = useWords(accessWords);
  const { client } = useApp();
  const download = useMutation({
    mutationFn: async () => {
      const lines: string[] = [];
      for await (const row of client.streamAudit(filters)) lines.push(JSON.stringify(row));
      saveFile('llamactl-audit.ndjson', `${lines.join('\n')}\n`, 'application/x-ndjson');
    },
    onError: showError,
  });
  return (
    <IconButton
      icon="download"
      label={words.download}
      className="justify-self-end wide:ml-auto"
      isPending={download.isPending}
      onClick={() => download.mutate()}
    />
  );
}

function AuditGrid({ rows, onEnd }: { rows: readonly AuditRow[]; onEnd: (() => void) | undefined }) {
  const words = useWords(accessWords);
  const isWide = useMedia(WIDE);
  const now = useNow(60);
  const [current, setCurrent] = useState<string | null>(null);
  const bySeq = useMemo(() => new Map(rows.map((row) => [String(row.seq), row])), [rows]);
  const hasDates = rows.some(({ timestamp }) => clockTime(timestamp, now).length > CLOCK_LENGTH);
  return (
    <Grid
      label={words.tabs.audit}
      columns={useColumns(isWide, hasDates)}
      ids={[...bySeq.keys()]}
      rowHeight={isWide ? COMPACT : TWO_LINES}
      isHeadless={!isWide}
      renderRow={(seq) => {
        const row = bySeq.get(seq);
        if (row === undefined) return null;
        return isWide ? <AuditCells row={row} /> : <NarrowAudit row={row} />;
      }}
      current={current}
      onCurrent={setCurrent}
      onEnd={onEnd}
      empty={
        <EmptyState icon="logs" title={words.noAudit}>
          {words.noAuditHint}
        </EmptyState>
      }
    />
  );
}

function useColumns(isWide: boolean, hasDates: boolean): GridColumn[] {
  const { auditColumns: columns, tabs } = useWords(accessWords);
  if (!isWide) return [{ id: 'row', title: tabs.audit, width: 'minmax(0, 1fr)' }];
  return [
    { id: 'time', title: columns.time, width: hasDates ? '156px' : '84px' },
    { id: 'subject', title: columns.subject, width: 'minmax(120px, 1fr)' },
    { id: 'action', title: columns.action, width: 'minmax(140px, 1fr)' },
    { id: 'target', title: columns.target, width: 'minmax(140px, 2fr)' },
    { id: 'address', title: columns.address, width: 'minmax(112px, 1fr)' },
    { id: 'status', title: columns.status, width: '84px', isNumber: true },
  ];
}

function AuditCells({ row: { timestamp, subject, action, target, address, status } }: { row: AuditRow }) {
  return (
    <>
      <GridCell className="figures">
        <Moment at={timestamp} />
      </GridCell>
      <GridCell tip={subject}>{callerText(subject)}</GridCell>
      <GridCell tip={action}>
        <code>{action}</code>
      </GridCell>
      <GridCell tip={target ?? undefined}>{target ?? <span className="text-mute">–</span>}</GridCell>
      <GridCell tip={address} className="figures text-mute">
        {address}
      </GridCell>
      <GridCell isNumber>
        <AnswerMark status={status} />
      </GridCell>
    </>
  );
}

function NarrowAudit({ row: { timestamp, subject, action, target, status } }: { row: AuditRow }) {
  return (
    <div role="gridcell" className="flex min-w-0 flex-col px-2">
      <span className="flex min-w-0 items-center gap-2">
        <code className="min-w-0 truncate font-strong">{action}</code>
        <span className="min-w-0 grow truncate">{target}</span>
        <AnswerMark status={status} />
      </span>
      <span className="figures truncate text-mute">
        <Moment at={timestamp} /> · {callerText(subject)}
      </span>
    </div>
  );
}

/** The HTTP status of an answer with its verdict. */
function AnswerMark({ status }: { status: number }) {
  return <VerdictMark verdict={status < 400 ? 'ok' : status < 500 ? 'warn' : 'bad'}>{status}</VerdictMark>;
}
