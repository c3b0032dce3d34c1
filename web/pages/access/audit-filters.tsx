import { useMutation } from '@tanstack/react-query';
import { useNavigate, useRouter, useSearch } from '@tanstack/react-router';
import type { AuditFilter } from '@llamactl/client';
import { useCallback, useEffect, useState } from 'react';
import { TextField } from '../../components/field.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { IconButton } from '../../components/icon-button.tsx';
import { Select } from '../../components/select.tsx';
import { showError } from '../../components/toast.tsx';
import { useApp } from '../../lib/app.ts';
import { useWords } from '../../lib/language.ts';
import { localText, momentOf } from '../../lib/local-time.ts';
import { useMedia, WIDE } from '../../lib/media.ts';
import { saveFile } from '../../lib/save-file.ts';
import { accessWords } from '../../words/access.ts';
import { AUDIT_PERIODS, AUDIT_STATUSES } from './access-search.ts';

/** Milliseconds after the last letter until a filter counts. */
const QUIET_MS = 300;
const FILTERS = ['subject', 'action', 'target'] as const;
const TIMES = ['since', 'until'] as const;
/** The choice without a filter. */
const ALL = 'all';
const PERIODS = [ALL, ...AUDIT_PERIODS] as const;
/** Times that are no usual period. */
const OWN = 'own';

/** The filters of the audit trail in one line, and its download. On a narrow screen the filters are behind a button. */
export function AuditFilters({ filters }: { filters: AuditFilter }) {
  const words = useWords(accessWords);
  const isWide = useMedia(WIDE);
  const [isOpen, setOpen] = useState(false);
  if (isWide) {
    return (
      <div className="flex shrink-0 items-end gap-2 px-6 py-3">
        <Fields filters={filters} />
        <Download filters={filters} />
      </div>
    );
  }
  return (
    <div className="flex shrink-0 justify-end gap-2 px-4 py-1">
      <IconButton
        icon="filter"
        label={words.filters}
        aria-pressed={[...FILTERS, ...TIMES, 'status' as const].some((name) => filters[name] !== undefined)}
        onClick={() => setOpen(true)}
      />
      <Download filters={filters} />
      {isOpen && (
        <Dialog title={words.filters} onClose={() => setOpen(false)}>
          <div className="flex flex-col gap-4">
            <Fields filters={filters} />
          </div>
        </Dialog>
      )}
    </div>
  );
}

function Fields({ filters }: { filters: AuditFilter }) {
  return (
    <>
      {FILTERS.map((name) => (
        <Filter key={name} name={name} />
      ))}
      <PeriodFilter />
      {TIMES.map((name) => (
        <TimeFilter key={`${name}=${filters[name] ?? ''}`} name={name} filters={filters} />
      ))}
      <StatusFilter />
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
  const hint = { subject: words.filterSubject, action: words.filterAction, target: words.filterTarget }[name];
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
      className="min-w-0 grow basis-28"
      onSubmit={(event) => {
        event.preventDefault();
        settle();
      }}
    >
      <TextField
        label={words.auditColumns[name]}
        type="search"
        placeholder={hint}
        value={text}
        onChange={({ target }) => setText(target.value)}
      />
    </form>
  );
}

/** The usual periods. Times that the reader has set are a choice of their own, which cannot be chosen. */
function PeriodFilter() {
  const words = useWords(accessWords);
  const search = useSearch({ from: '/access' });
  const navigate = useNavigate({ from: '/access' });
  const hasTimes = search.since !== undefined || search.until !== undefined;
  const usual = PERIODS.map((value) => ({ value, label: words.periods[value] }));
  return (
    <Select<(typeof PERIODS)[number] | typeof OWN>
      label={words.filterPeriod}
      className="min-w-0 basis-28"
      value={hasTimes ? OWN : (search.period ?? ALL)}
      choices={hasTimes ? [...usual, { value: OWN, label: words.ownPeriod, disabled: true }] : usual}
      onChoose={(value) => {
        const period = AUDIT_PERIODS.find((each) => each === value);
        void navigate({ search: { ...search, period, since: undefined, until: undefined }, replace: true });
      }}
    />
  );
}

/**
 * The begin or the end of the period, in the reader's time zone.
 *
 * @param filters Both times as they are now, also those of a usual period.
 */
function TimeFilter({ name, filters: { since, until } }: { name: (typeof TIMES)[number]; filters: AuditFilter }) {
  const words = useWords(accessWords);
  const search = useSearch({ from: '/access' });
  const navigate = useNavigate({ from: '/access' });
  const shown = localText({ since, until }[name]);
  const [text, setText] = useState(shown);
  const settle = (): void => {
    if (text === shown) return;
    void navigate({ search: { ...search, period: undefined, since, until, [name]: momentOf(text) }, replace: true });
  };
  return (
    <form
      className="min-w-0 basis-44"
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
      className="min-w-0 basis-32"
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
      className="wide:ml-auto"
      isPending={download.isPending}
      onClick={() => download.mutate()}
    />
  );
}
