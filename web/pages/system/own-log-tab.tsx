import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { clockTime } from '../../../format/clock-time.ts';
import { Button } from '../../components/button.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { TextField } from '../../components/field.tsx';
import { QueryPart } from '../../components/query-part.tsx';
import { Select } from '../../components/select.tsx';
import { useApp } from '../../lib/app.ts';
import { useWords } from '../../lib/language.ts';
import { LOG_LEVELS } from '../../lib/log-levels.ts';
import { systemWords } from '../../words/system.ts';
import { OwnLogLines } from './own-log-lines.tsx';

const LINES = 500;

/** The last lines of llamactl's own log, newest first. */
export function OwnLogTab() {
  const words = useWords(systemWords);
  const { client } = useApp();
  const { level = 'debug', q } = useSearch({ from: '/system' });
  const query = useQuery({
    queryKey: ['system', 'log', level, q],
    queryFn: ({ signal }) => client.getSystemLogs({ lines: LINES, level, q, signal }),
    placeholderData: keepPreviousData,
    staleTime: 0,
  });
  return (
    <>
      <div className="grid shrink-0 grid-cols-2 items-end gap-2 px-4 py-3 wide:flex wide:px-6">
        <Search key={q ?? ''} />
        <Level />
        <Button
          icon="refresh"
          className="min-w-0 wide:ml-auto"
          isPending={query.isFetching}
          onClick={() => void query.refetch()}
        >
          {words.logRefresh}
        </Button>
      </div>
      <QueryPart query={query}>
        {({ logs, since }) =>
          logs.length === 0 ? (
            <EmptyState icon="logs" title={words.noLog}>
              {words.noLogHint}
            </EmptyState>
          ) : (
            // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- it scrolls by keyboard
            <div
              role="region"
              aria-label={words.log}
              tabIndex={0}
              className="min-h-0 grow overflow-y-auto px-4 pb-8 wide:px-6"
            >
              <OwnLogLines logs={logs} />
              {since !== null && <p className="pt-3 text-mute">{words.logSince(clockTime(since, Date.now()))}</p>}
            </div>
          )
        }
      </QueryPart>
    </>
  );
}

function Search() {
  const words = useWords(systemWords);
  const search = useSearch({ from: '/system' });
  const navigate = useNavigate({ from: '/system' });
  const [text, setText] = useState(search.q ?? '');
  const settle = (): void => {
    const q = text.trim() === '' ? undefined : text.trim();
    if (q !== search.q) void navigate({ search: { ...search, q }, replace: true });
  };
  return (
    <form
      className="col-span-2 min-w-0 wide:w-80"
      onSubmit={(event) => {
        event.preventDefault();
        settle();
      }}
    >
      <TextField
        label={words.logSearch}
        isLabelHidden
        type="search"
        placeholder={words.logSearch}
        maxLength={200}
        value={text}
        onChange={({ target }) => setText(target.value)}
        onBlur={settle}
      />
    </form>
  );
}

function Level() {
  const words = useWords(systemWords);
  const search = useSearch({ from: '/system' });
  const navigate = useNavigate({ from: '/system' });
  return (
    <Select
      label={words.logLevel}
      isLabelHidden
      className="min-w-0 wide:w-52"
      value={search.level ?? 'debug'}
      choices={LOG_LEVELS.map((value) => ({ value, label: words.logLevels[value] }))}
      onChoose={(level) =>
        void navigate({ search: { ...search, level: level === 'debug' ? undefined : level }, replace: true })
      }
    />
  );
}
