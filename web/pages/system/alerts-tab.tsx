import { useInfiniteQuery } from '@tanstack/react-query';
import type { PastAlert } from '@llamactl/client';
import { useEffect } from 'react';
import { duration } from '../../lib/figures.ts';
import { Moment } from '../../components/age.tsx';
import { Button } from '../../components/button.tsx';
import { Panel } from '../../components/panel.tsx';
import { QueryPart } from '../../components/query-part.tsx';
import { useApp } from '../../lib/app.ts';
import { useWords } from '../../lib/language.ts';
import { systemWords } from '../../words/system.ts';
import { AlertLine } from './alert-line.tsx';
import { AlertPanel } from './alert-panel.tsx';

const PAGE = 50;
const HISTORY = ['system', 'alerts', 'history'];

/** The alerts that are raised now, and those that were. */
export function AlertsTab() {
  const words = useWords(systemWords);
  const { client, feed, queries } = useApp();
  const query = useInfiniteQuery({
    queryKey: HISTORY,
    queryFn: ({ pageParam, signal }) => client.getAlertHistory({ limit: PAGE, before_seq: pageParam, signal }),
    initialPageParam: undefined as number | undefined,
    getNextPageParam: ({ alerts, more }) => (more ? alerts.at(-1)?.seq : undefined),
  });
  useEffect(
    () =>
      feed.listen(({ type }) => {
        if (type === 'system_alert') void queries.invalidateQueries({ queryKey: HISTORY });
      }),
    [feed, queries],
  );
  return (
    <div className="flex flex-col gap-4">
      <AlertPanel />
      <Panel title={words.pastAlerts}>
        <QueryPart query={query}>
          {({ pages }) => (
            <>
              <PastAlerts alerts={pages.flatMap(({ alerts }) => alerts)} />
              {query.hasNextPage && (
                <Button
                  className="mt-3"
                  isPending={query.isFetchingNextPage}
                  onClick={() => void query.fetchNextPage()}
                >
                  {words.olderAlerts}
                </Button>
              )}
            </>
          )}
        </QueryPart>
      </Panel>
    </div>
  );
}

function PastAlerts({ alerts }: { alerts: readonly PastAlert[] }) {
  const words = useWords(systemWords);
  if (alerts.length === 0) return <p className="text-mute">{words.noPastAlerts}</p>;
  return (
    <>
      <ul className="-mt-2 divide-y divide-line">
        {alerts.map((alert) => (
          <AlertLine key={alert.seq} alert={alert} verdict={verdictOf(alert)} time={<Course alert={alert} />} />
        ))}
      </ul>
      <p className="pt-2 text-mute">{words.historyHint}</p>
    </>
  );
}

function verdictOf({ level, cleared_at: cleared }: PastAlert) {
  if (cleared !== null) return 'off';
  return level === 'error' ? 'bad' : 'warn';
}

/** When it was raised, and how long it lasted. */
function Course({ alert: { raised_at: raised, cleared_at: cleared } }: { alert: PastAlert }) {
  const words = useWords(systemWords);
  const seconds = raised === null || cleared === null ? null : (Date.parse(cleared) - Date.parse(raised)) / 1_000;
  return (
    <span className="flex gap-x-2 wide:flex-col wide:items-end">
      {raised === null ? <span>{words.beginUnknown}</span> : <Moment at={raised} />}
      <span className={cleared === null ? 'text-ink' : undefined} title={cleared ?? undefined}>
        {cleared === null ? words.isRaised : seconds === null ? null : words.lasted(duration(seconds))}
      </span>
    </span>
  );
}
