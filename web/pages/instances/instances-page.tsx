import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useDeferredValue, useMemo, useRef } from 'react';
import { Button } from '../../components/button.tsx';
import type { GridHandle } from '../../components/grid.tsx';
import { ErrorState } from '../../components/error-state.tsx';
import { IconButton } from '../../components/icon-button.tsx';
import { PageHeader } from '../../components/page-header.tsx';
import { Icon } from '../../components/icons.tsx';
import { SkeletonRows } from '../../components/skeleton.tsx';
import { StatusShape, type Verdict } from '../../components/status.tsx';
import { useApp, useMay } from '../../lib/app.ts';
import { classNames } from '../../lib/class-names.ts';
import { useWords } from '../../lib/language.ts';
import { useAllRows, useResources } from '../../lib/live/live-hooks.ts';
import type { Row } from '../../lib/live/row-store.ts';
import { ROOMY, useMedia, WIDE } from '../../lib/media.ts';
import { useShortcuts } from '../../lib/shortcuts.ts';
import { useStored } from '../../lib/value-store.ts';
import { instancesWords } from '../../words/instances.ts';
import { AlertList } from './alert-list.tsx';
import { BulkBar } from './bulk-bar.tsx';
import { chosenColumns } from './chosen-columns.ts';
import { defaultColumns, withColumn } from './columns.ts';
import { FirstRun } from './first-run.tsx';
import { InstanceList } from './instance-list.tsx';
import { filteredRows, sortedRows, usualOrder } from './instance-order.ts';
import { isFiltered, type InstancesSearch } from './instances-search.ts';
import { listedStatus, type ListedStatus } from './listed-status.ts';
import { ListToolbar } from './list-toolbar.tsx';
import { MachineStrip } from './machine-strip.tsx';
import { useSelection } from './selection.ts';

/** All instances, and what the machine has left. */
export function InstancesPage() {
  const words = useWords(instancesWords);
  const { feed } = useApp();
  const search = useSearch({ from: '/instances' });
  const rows = useAllRows();
  const loadError = useStored(feed.loadError);
  if (rows === null) {
    return (
      <>
        <PageHeader title={words.title} />
        <MachineStrip />
        {loadError === null ? <SkeletonRows /> : <ErrorState error={loadError} onRetry={() => void feed.load()} />}
      </>
    );
  }
  if (rows.length === 0) return <FirstRun />;
  return <Instances rows={rows} search={search} />;
}

function Instances({ rows, search }: { rows: readonly Row[]; search: InstancesSearch }) {
  const words = useWords(instancesWords);
  const navigate = useNavigate();
  const grid = useRef<GridHandle>(null);
  const { sort = 'name', order = usualOrder(sort) } = search;
  const sorted = useMemo(() => sortedRows(rows, sort, order), [rows, sort, order]);
  const wanted = useDeferredValue(search);
  const shown = useMemo(() => filteredRows(sorted, wanted), [sorted, wanted]);
  const unsearched = useMemo(() => filteredRows(sorted, { ...wanted, q: undefined }), [sorted, wanted]);
  const selection = useSelection(useMemo(() => unsearched.map(({ name }) => name), [unsearched]));
  const hasGpu = (useResources()?.gpus.length ?? 0) > 0;
  const isRoomy = useMedia(ROOMY);
  const chosen = useStored(chosenColumns);
  const columns = chosen ?? defaultColumns(hasGpu, isRoomy);
  const shownColumns = withColumn(columns, sort, chosen === null);
  const groups = useMemo(() => [...new Set(rows.flatMap(({ group }) => group ?? []))].sort(), [rows]);
  return (
    <>
      <PageHeader
        title={words.title}
        note={<Summary rows={shown} total={rows.length} search={search} />}
        actions={
          <>
            <ListToolbar
              search={search}
              groups={groups}
              columns={columns}
              onLeave={() => grid.current?.press({ key: 'Home', shiftKey: false })}
              onEnter={(q) => {
                const [first] = filteredRows(sorted, { ...search, q });
                if (first !== undefined) void navigate({ to: '/instances/$name', params: { name: first.name } });
              }}
            />
            <NewButton />
          </>
        }
      />
      <MachineStrip />
      <AlertList />
      <InstanceList
        grid={grid}
        rows={shown}
        total={rows.length}
        columns={shownColumns}
        search={search}
        selection={selection}
      />
      <BulkBar selection={selection} rows={unsearched} shown={shown} />
    </>
  );
}

/** How many instances are in which state; with filters, how many pass and in which state these are. */
function Summary({ rows, total, search }: { rows: readonly Row[]; total: number; search: InstancesSearch }) {
  const words = useWords(instancesWords);
  const counts = Map.groupBy(rows, listedStatus);
  const count = (status: ListedStatus): number => counts.get(status)?.length ?? 0;
  const [running, failed, blocked, stopped] = [count('running'), count('failed'), count('blocked'), count('stopped')];
  const changing = rows.length - running - failed - blocked - stopped;
  const isPart = isFiltered(search);
  const isAlone = failed === 0 || blocked === 0;
  const texts = [
    ...(isPart ? [words.ofTotal(String(rows.length), String(total))] : []),
    ...(isPart && running === 0 ? [] : [words.running(running)]),
    ...(changing > 0 ? [words.changing(changing)] : []),
    ...(isPart && stopped === 0 ? [] : [words.stopped(stopped)]),
  ];
  return (
    <span className="flex flex-wrap items-center gap-x-2 gap-y-1 broad:flex-nowrap">
      <span className="min-w-0 truncate">{texts.join(' · ')}</span>
      {failed > 0 && (
        <StatusFilter
          {...{ search, isAlone }}
          status="failed"
          verdict="bad"
          count={failed}
          text={words.failed(failed)}
        />
      )}
      {blocked > 0 && (
        <StatusFilter
          {...{ search, isAlone }}
          status="blocked"
          verdict="warn"
          count={blocked}
          text={words.cannotStart(blocked)}
        />
      )}
    </span>
  );
}

interface StatusFilterProps {
  search: InstancesSearch;
  status: ListedStatus;
  verdict: Verdict;
  count: number;
  /** The count with its words, for which a narrow desk has no room. */
  text: string;
  /** Whether no other count stands beside it, so that there is more room. */
  isAlone: boolean;
}

/** A count that shows only its rows, and then all again. */
function StatusFilter({ search, status, verdict, count, text, isAlone }: StatusFilterProps) {
  const words = useWords(instancesWords);
  const isOn = search.status === status;
  return (
    <Link
      to="/instances"
      search={{ ...search, status: isOn ? undefined : status }}
      aria-current={isOn ? 'true' : undefined}
      aria-label={text}
      data-tip={`${text}: ${isOn ? words.showAllStatuses : words.showOnlyThese}`}
      className={classNames(
        'inline-flex h-6 shrink-0 items-center gap-1.5 rounded-control border px-2 text-ink hover:bg-hover pointer-coarse:h-11',
        isOn ? 'border-accent bg-selected' : 'border-edge bg-raised',
      )}
    >
      <StatusShape of={verdict} />
      <span className={isAlone ? 'broad:max-[86rem]:hidden' : 'broad:max-[100rem]:hidden'}>{text}</span>
      <span className={isAlone ? 'hidden broad:max-[86rem]:inline' : 'hidden broad:max-[100rem]:inline'}>{count}</span>
      {isOn && <Icon name="cross" size={12} />}
    </Link>
  );
}

function NewButton() {
  const words = useWords(instancesWords);
  const isWide = useMedia(WIDE);
  const isAdmin = useMay('admin');
  const navigate = useNavigate();
  const open = (): void => void navigate({ to: '/new' });
  useShortcuts(words.keysPlace, isAdmin ? [{ keys: 'n', label: words.createLong, run: open }] : []);
  if (!isAdmin) return null;
  if (!isWide) return <IconButton icon="plus" label={words.createLong} onClick={open} />;
  return (
    <Button kind="primary" icon="plus" keyHint="n" onClick={open}>
      {words.create}
    </Button>
  );
}
