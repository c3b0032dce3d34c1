import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import type { Usage, UsageGroup, UsageRow } from '@llamactl/client';
import { number, tokenCount } from '../../lib/figures.ts';
import { Age, Moment } from '../../components/age.tsx';
import { Badge } from '../../components/badge.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { Meter } from '../../components/meter.tsx';
import { PageBody } from '../../components/page-header.tsx';
import { QueryPart } from '../../components/query-part.tsx';
import { Segmented } from '../../components/segmented.tsx';
import { Table, Td, Th, Tr } from '../../components/table.tsx';
import { classNames } from '../../lib/class-names.ts';
import { useApp, useMay } from '../../lib/app.ts';
import { useWords } from '../../lib/language.ts';
import { usageQuery } from '../../lib/queries.ts';
import { accessWords } from '../../words/access.ts';
import { USAGE_WINDOWS } from './access-search.ts';
import { UsageProblems } from './usage-figures.tsx';

/** Columns that a narrow screen has no room for. */
const FOR_WIDE = 'hidden wide:table-cell';
/** Colours of the shares of a bar, as in the heads of the columns. */
const IN = 'bg-chart-1';
const OUT = 'bg-chart-2';

/** Requests and tokens by key, account and instance: the own ones; for admins, all. */
export function UsageTab() {
  const isAdmin = useMay('admin');
  return (
    <PageBody>
      <UsageView groups={isAdmin ? ['key', 'user', 'instance'] : ['key', 'instance']} />
    </PageBody>
  );
}

interface UsageViewProps {
  /** At least one. */
  groups: readonly UsageGroup[];
  /** Whether other content is around it. */
  isPart?: boolean;
}

/** Usage with its choices, which are in the URL. */
export function UsageView({ groups, isPart = false }: UsageViewProps) {
  const words = useWords(accessWords);
  const { client } = useApp();
  const search = useSearch({ from: '/access' });
  const navigate = useNavigate({ from: '/access' });
  const by = groups.find((group) => group === search.by) ?? groups[0] ?? 'instance';
  const window = search.window ?? '30d';
  const query = useQuery(usageQuery(client, by, window));
  const choose = (changes: Partial<typeof search>): void => {
    void navigate({ search: { ...search, ...changes }, replace: true });
  };
  return (
    <>
      <div className={classNames('flex flex-wrap items-center gap-x-4 gap-y-2', isPart ? 'pb-3' : 'py-3')}>
        {groups.length > 1 && (
          <Segmented
            label={words.usageBy}
            value={by}
            choices={groups.map((value) => ({ value, label: words.usageGroups[value] }))}
            onChoose={(value) => choose({ by: value })}
          />
        )}
        <Segmented
          label={words.usageWindow}
          value={window}
          choices={USAGE_WINDOWS.map((value) => ({ value, label: words.usageWindows[value] }))}
          onChoose={(value) => choose({ window: value })}
        />
        {query.data !== undefined && query.data.usage.length > 0 && <Total usage={query.data} />}
      </div>
      <QueryPart query={query}>
        {(usage) => (usage.usage.length === 0 ? <NoUsage {...{ by, groups, isPart }} /> : <UsageTable usage={usage} />)}
      </QueryPart>
    </>
  );
}

function NoUsage({ by, groups, isPart }: Required<UsageViewProps> & { by: UsageGroup }) {
  const words = useWords(accessWords);
  if (by === 'key') {
    return (
      <EmptyState icon="requests" title={words.noKeyUsage}>
        {words.noKeyUsageHint(groups.filter((group) => group !== by).map((group) => words.usageGroups[group]))}
      </EmptyState>
    );
  }
  if (isPart) return <p className="text-mute">{`${words.noUsage}. ${words.noUsageHint}`}</p>;
  return (
    <EmptyState icon="requests" title={words.noUsage}>
      {words.noUsageHint}
    </EmptyState>
  );
}

function Total({ usage: { usage, since } }: { usage: Usage }) {
  const words = useWords(accessWords);
  const sum = (of: (row: UsageRow) => number): number => usage.reduce((total, row) => total + of(row), 0);
  const requests = sum((row) => row.requests);
  return (
    <p className="figures text-mute wide:ml-auto">
      <span className="text-ink">
        {words.usageTotal(
          words.usageRequests(requests, number(requests)),
          words.usageTokens(tokenCount(sum((row) => row.tokens_in)), tokenCount(sum((row) => row.tokens_out))),
        )}
      </span>{' '}
      {words.usageSince} <Moment at={since} />
    </p>
  );
}

function UsageTable({ usage: { by, usage } }: { usage: Usage }) {
  const words = useWords(accessWords);
  const columns = words.usageColumns;
  const most = Math.max(...usage.map((row) => row.tokens_in + row.tokens_out));
  return (
    <Table
      label={words.tabs.usage}
      head={
        <>
          <Th>{words.usageGroups[by]}</Th>
          <Th isNumber>{columns.requests}</Th>
          <Th className={`${FOR_WIDE} w-2/5`}>
            <span className="sr-only">{columns.tokens}</span>
          </Th>
          <Th isNumber>
            <Swatch className={IN} /> {columns.in}
          </Th>
          <Th isNumber>
            <Swatch className={OUT} /> {columns.out}
          </Th>
          <Th isNumber className={FOR_WIDE}>
            {columns.used}
          </Th>
        </>
      }
    >
      {usage.map((row) => (
        <Row key={`${row.id ?? row.name ?? ''} ${row.deleted}`} row={row} by={by} most={most} />
      ))}
    </Table>
  );
}

function Swatch({ className }: { className: string }) {
  return <span aria-hidden className={`inline-block size-2 rounded-[2px] forced-color-adjust-none ${className}`} />;
}

/** The name of a row, which leads to its requests. Those of something deleted cannot be listed. */
function UsageName({ row: { id, deleted }, by, name }: { row: UsageRow; by: UsageGroup; name: string }) {
  const look = 'max-w-28 truncate font-strong wide:max-w-64';
  if (deleted) {
    return (
      <span className={look} title={name}>
        {name}
      </span>
    );
  }
  const search = by === 'instance' ? { instance: name } : { caller: by === 'key' ? `key:${id ?? ''}` : `user:${name}` };
  return (
    <Link to="/requests" search={search} title={name} className={classNames(look, 'text-accent hover:underline')}>
      {name}
    </Link>
  );
}

function Row({ row, by, most }: { row: UsageRow; by: UsageGroup; most: number }) {
  const words = useWords(accessWords);
  const [tokensIn, tokensOut] = [tokenCount(row.tokens_in), tokenCount(row.tokens_out)];
  const name = row.name ?? (by === 'instance' ? words.noInstance : words.noAccount);
  return (
    <Tr>
      <Td className="py-1.5">
        <span className="flex flex-wrap items-center gap-x-2">
          {row.name === null ? (
            <span className="text-mute" data-tip={by === 'instance' ? words.noInstanceHint : undefined}>
              {name}
            </span>
          ) : (
            <UsageName row={row} by={by} name={row.name} />
          )}
          {row.deleted && <Badge>{words.deleted}</Badge>}
        </span>
        {row.owner !== null && <span className="block max-w-28 truncate text-mute wide:max-w-64">{row.owner}</span>}
      </Td>
      <Td isNumber className="py-1.5">
        {number(row.requests)}
        <UsageProblems row={row} />
      </Td>
      <Td className={FOR_WIDE}>
        <Meter
          label={`${words.usageColumns.tokens} ${name}`}
          text={words.usageTokens(tokensIn, tokensOut)}
          value={[
            { value: row.tokens_in, className: IN },
            { value: row.tokens_out, className: OUT },
          ]}
          max={Math.max(1, most)}
          limits={null}
        />
      </Td>
      <Td isNumber title={number(row.tokens_in)}>
        {tokensIn}
      </Td>
      <Td isNumber title={number(row.tokens_out)}>
        {tokensOut}
      </Td>
      <Td isNumber className={FOR_WIDE}>
        <Age of={row.last_used_at} saysAgo />
      </Td>
    </Tr>
  );
}
