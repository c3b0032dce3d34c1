import { useInfiniteQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { settingChanges } from '../../../format/setting-changes.ts';
import { Moment } from '../../components/age.tsx';
import { Button } from '../../components/button.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { QueryPart } from '../../components/query-part.tsx';
import { PhraseSentence, ServerSentence } from '../../components/server-sentence.tsx';
import { StatusMark, VerdictMark } from '../../components/status.tsx';
import { Table, Td, Th, Tr } from '../../components/table.tsx';
import { useApp, useHasAccounts, useMay } from '../../lib/app.ts';
import { useWords } from '../../lib/language.ts';
import { alertTitle } from '../../lib/alert-title.ts';
import { refusalText } from '../../../format/refusal-text.ts';
import { authorText, triggerText, type Trigger } from '../../lib/trigger-text.ts';
import { alertWords } from '../../words/alerts.ts';
import { useServerWords } from '../../lib/server-words.ts';
import { instanceWords } from '../../words/instance.ts';
import { eventsQuery, mergedEvents, useNewEvents, type InstanceEvent } from './instance-events.ts';

/** The events of one instance, newest first: kept ones page by page, and new ones as they come. */
export function EventsTab({ name }: { name: string }) {
  const words = useWords(instanceWords).events;
  const { client } = useApp();
  const isAdmin = useMay('admin');
  const mayAudit = useHasAccounts() && isAdmin;
  const fresh = useNewEvents(name);
  const query = useInfiniteQuery(eventsQuery(client, name));
  return (
    <QueryPart query={query}>
      {({ pages }) => (
        <>
          {mayAudit && (
            <Link
              to="/access"
              search={{ tab: 'audit', target: name, match: 'exact' }}
              className="mb-2 inline-flex min-h-6 items-center self-start text-accent hover:underline"
            >
              {words.audit}
            </Link>
          )}
          <EventTable events={mergedEvents(pages, fresh)} />
          {query.hasNextPage && (
            <Button
              className="mt-3 self-start"
              isPending={query.isFetchingNextPage}
              onClick={() => void query.fetchNextPage()}
            >
              {words.older}
            </Button>
          )}
        </>
      )}
    </QueryPart>
  );
}

function EventTable({ events }: { events: readonly InstanceEvent[] }) {
  const words = useWords(instanceWords).events;
  if (events.length === 0) {
    return (
      <EmptyState icon="clock" title={words.none}>
        <p>{words.hint}</p>
      </EmptyState>
    );
  }
  return (
    <div className="flex flex-col gap-3">
      <Table
        label={words.label}
        head={
          <>
            <Th className="w-48">{words.time}</Th>
            <Th className="w-64">{words.what}</Th>
            <Th>{words.why}</Th>
          </>
        }
      >
        {events.map((event) => (
          <Tr key={event.seq}>
            <Td className="figures whitespace-nowrap">
              <Moment at={event.timestamp} />
            </Td>
            <Td className="whitespace-nowrap">
              <What event={event} />
            </Td>
            <Td className="py-1.5 break-words">
              <Reason event={event} />
            </Td>
          </Tr>
        ))}
      </Table>
      <p className="text-mute">{words.hint}</p>
    </div>
  );
}

function What({ event }: { event: InstanceEvent }) {
  const words = useWords(instanceWords).events;
  const alerts = useWords(alertWords);
  switch (event.type) {
    case 'instance_status_changed':
      return <StatusMark status={event.data.status} />;
    case 'instance_start_refused':
      return <VerdictMark verdict="bad">{words.refused}</VerdictMark>;
    case 'instance_created':
      return words.created;
    case 'instance_updated':
      if (event.data.reason !== undefined) return words.outdated;
      return event.data.previous_name === undefined ? words.updated : words.renamed(event.data.previous_name);
    case 'instance_deleted':
      return words.deleted;
    case 'system_alert': {
      const { state, code, level } = event.data;
      const title = alertTitle(code, alerts);
      return state === 'cleared' ? (
        <VerdictMark verdict="ok">{alerts.cleared(title)}</VerdictMark>
      ) : (
        <VerdictMark verdict={level === 'error' ? 'bad' : 'warn'}>{alerts.raised(title)}</VerdictMark>
      );
    }
  }
}

function Reason({ event }: { event: InstanceEvent }) {
  const words = useWords(instanceWords).events;
  const serverWords = useServerWords();
  if (event.type === 'system_alert')
    return <ServerSentence own={serverWords?.alert(event.data) ?? null} words={event.data.message} />;
  if (event.type === 'instance_start_refused') {
    const { message, trigger } = event.data;
    const own = serverWords?.refusal(event.data) ?? null;
    return <Caused why={own ?? <span lang="en">{refusalText(message)}</span>} trigger={trigger} />;
  }
  if (event.type !== 'instance_status_changed') return <Change data={event.data} />;
  const { reason, phrase, cause, trigger } = event.data;
  const why = reason === undefined ? null : <PhraseSentence phrase={phrase} words={reason} />;
  return <Caused why={why ?? (cause === undefined ? null : words[cause])} trigger={trigger} />;
}

/** Why something happened, and who or what caused it. */
function Caused({ why, trigger }: { why: ReactNode; trigger: Trigger | undefined }) {
  const words = useWords(instanceWords).events;
  return (
    <>
      {why}
      {trigger !== undefined && (
        <span
          className={why === null ? undefined : 'ml-2 text-mute'}
          title={[trigger.caller, trigger.request_id].filter((part) => part !== undefined).join(' · ')}
        >
          {triggerText(trigger, words.trigger)}
        </span>
      )}
    </>
  );
}

/** The settings that were changed, with their values if the server keeps them, and who changed them. */
function Change({
  data: { caller, ...data },
}: {
  data: Exclude<InstanceEvent, { type: 'system_alert' | 'instance_status_changed' | 'instance_start_refused' }>['data'];
}) {
  const words = useWords(instanceWords).events;
  if ('reason' in data && data.reason !== undefined) return <span lang="en">{data.reason}</span>;
  const by = authorText(caller);
  return (
    <>
      {settingChanges('changed' in data ? data : {}, words.standard).map(({ setting, name, values }) => (
        <span key={setting} title={setting} className="mr-3 inline-block">
          <code>{name}</code>
          {values !== null && (
            <span className="figures">
              {' '}
              <span className="text-mute">{values.from} →</span> {values.to}
            </span>
          )}
        </span>
      ))}
      {by !== null && (
        <span title={caller} className="text-mute">
          {words.by(by)}
        </span>
      )}
    </>
  );
}
