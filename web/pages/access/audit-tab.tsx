import { useInfiniteQuery, useMutation } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import type { AuditRow } from '@llamactl/client';
import { useState } from 'react';
import { Moment } from '../../components/age.tsx';
import { Button } from '../../components/button.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { TextField } from '../../components/field.tsx';
import { PageBody } from '../../components/page-header.tsx';
import { QueryPart } from '../../components/query-part.tsx';
import { VerdictMark } from '../../components/status.tsx';
import { Table, Td, Th, Tr } from '../../components/table.tsx';
import { showToast } from '../../components/toast.tsx';
import { useApp } from '../../lib/app.ts';
import { errorText } from '../../lib/error-text.ts';
import { useWords } from '../../lib/language.ts';
import { saveFile } from '../../lib/save-file.ts';
import { accessWords } from '../../words/access.ts';
import type { AccessSearch } from './access-search.ts';

const PAGE = 100;
const FILTERS = ['subject', 'action', 'target'] as const;

/** Who did what, newest first. */
export function AuditTab() {
  const words = useWords(accessWords);
  const { client } = useApp();
  const { subject, action, target } = useSearch({ from: '/access' });
  const filters = { subject, action, target };
  const query = useInfiniteQuery({
    queryKey: ['audit', filters],
    queryFn: ({ pageParam, signal }) => client.getAudit({ ...filters, limit: PAGE, before_seq: pageParam, signal }),
    initialPageParam: undefined as number | undefined,
    getNextPageParam: (rows) => (rows.length < PAGE ? undefined : rows.at(-1)?.seq),
  });
  return (
    <PageBody>
      <div className="flex flex-wrap items-end gap-2 py-3">
        {FILTERS.map((name) => (
          <Filter key={`${name}=${filters[name] ?? ''}`} name={name} />
        ))}
        <Download filters={filters} />
      </div>
      <QueryPart query={query}>
        {({ pages }) => {
          const rows = pages.flat();
          return rows.length === 0 ? (
            <EmptyState icon="logs" title={words.noAudit}>
              {words.noAuditHint}
            </EmptyState>
          ) : (
            <AuditTable rows={rows} />
          );
        }}
      </QueryPart>
      {query.hasNextPage && (
        <div className="flex justify-center py-4">
          <Button isPending={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
            {words.older}
          </Button>
        </div>
      )}
    </PageBody>
  );
}

function Filter({ name }: { name: (typeof FILTERS)[number] }) {
  const words = useWords(accessWords);
  const search = useSearch({ from: '/access' });
  const navigate = useNavigate({ from: '/access' });
  const [text, setText] = useState(search[name] ?? '');
  const label = { subject: words.filterSubject, action: words.filterAction, target: words.filterTarget }[name];
  const settle = (): void => {
    const value = text.trim() === '' ? undefined : text.trim();
    if (value !== search[name]) void navigate({ search: { ...search, [name]: value }, replace: true });
  };
  return (
    <form
      className="w-full wide:w-56"
      onSubmit={(event) => {
        event.preventDefault();
        settle();
      }}
    >
      <TextField
        label={label}
        isLabelHidden
        type="search"
        placeholder={label}
        value={text}
        onChange={({ target }) => setText(target.value)}
        onBlur={settle}
      />
    </form>
  );
}

function Download({ filters }: { filters: Pick<AccessSearch, 'subject' | 'action' | 'target'> }) {
  const words = useWords(accessWords);
  const { client } = useApp();
  const download = useMutation({
    mutationFn: async () => {
      const lines: string[] = [];
      for await (const row of client.streamAudit(filters)) lines.push(JSON.stringify(row));
      saveFile('llamactl-audit.ndjson', `${lines.join('\n')}\n`, 'application/x-ndjson');
    },
    onError: (error) => {
      const { sentence, requestId } = errorText(error);
      showToast({ kind: 'error', text: sentence, requestId });
    },
  });
  return (
    <Button icon="download" className="wide:ml-auto" isPending={download.isPending} onClick={() => download.mutate()}>
      {words.download}
    </Button>
  );
}

function AuditTable({ rows }: { rows: readonly AuditRow[] }) {
  const words = useWords(accessWords);
  const columns = words.auditColumns;
  return (
    <Table
      label={words.tabs.audit}
      head={
        <>
          <Th>{columns.time}</Th>
          <Th>{columns.subject}</Th>
          <Th>{columns.action}</Th>
          <Th>{columns.target}</Th>
          <Th>{columns.address}</Th>
          <Th isNumber>{columns.status}</Th>
        </>
      }
    >
      {rows.map((row) => (
        <Tr key={row.seq}>
          <Td className="figures whitespace-nowrap">
            <Moment at={row.timestamp} />
          </Td>
          <Td>{row.subject}</Td>
          <Td>
            <code>{row.action}</code>
          </Td>
          <Td>
            <span className="block max-w-64 truncate" title={row.target ?? undefined}>
              {row.target ?? '–'}
            </span>
          </Td>
          <Td className="text-mute">{row.address}</Td>
          <Td isNumber>
            <VerdictMark verdict={row.status < 400 ? 'ok' : row.status < 500 ? 'warn' : 'bad'}>
              {row.status}
            </VerdictMark>
          </Td>
        </Tr>
      ))}
    </Table>
  );
}
