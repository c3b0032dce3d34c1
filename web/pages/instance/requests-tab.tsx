import { useQuery } from '@tanstack/react-query';
import type { ActiveRequest, FinishedRequest } from '@llamactl/client';
import { duration, rateText } from '../../../format/figures.ts';
import { Moment } from '../../components/age.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { QueryPart } from '../../components/query-part.tsx';
import { VerdictMark, type Verdict } from '../../components/status.tsx';
import { Table, Td, Th, Tr } from '../../components/table.tsx';
import { useApp } from '../../lib/app.ts';
import { useWords } from '../../lib/language.ts';
import { instanceWords } from '../../words/instance.ts';

/** Finished requests that are shown; the page of requests has the others. */
const SHOWN = 20;
/** Milliseconds between two requests of the list while it is on the screen. */
const POLL_MS = 2_000;

/** The last requests to one instance. */
export function RequestsTab({ name }: { name: string }) {
  const words = useWords(instanceWords).requests;
  const { client } = useApp();
  const query = useQuery({
    queryKey: ['requests', 'of', name],
    queryFn: ({ signal }) => client.listRequests({ instance: name, finished: SHOWN, signal }),
    refetchInterval: POLL_MS,
  });
  return (
    <div className="flex flex-col gap-3">
      <QueryPart query={query}>
        {({ in_flight: active, finished }) =>
          active.length + finished.length === 0 ? (
            <EmptyState icon="requests" title={words.none}>
              <p>{words.noneHint}</p>
            </EmptyState>
          ) : (
            <RequestTable requests={[...active.toReversed(), ...finished]} />
          )
        }
      </QueryPart>
      <p>
        <a
          href={`#/requests?instance=${encodeURIComponent(name)}`}
          className="inline-flex min-h-6 items-center text-accent hover:underline"
        >
          {words.more}
        </a>
      </p>
    </div>
  );
}

function RequestTable({ requests }: { requests: readonly (ActiveRequest | FinishedRequest)[] }) {
  const words = useWords(instanceWords).requests;
  return (
    <Table
      label={words.label}
      head={
        <>
          <Th>{words.time}</Th>
          <Th>{words.caller}</Th>
          <Th>{words.path}</Th>
          <Th isNumber>{words.took}</Th>
          <Th isNumber>{words.rate}</Th>
          <Th isNumber>{words.tokens}</Th>
          <Th>{words.outcome}</Th>
        </>
      }
    >
      {requests.map((request) => (
        <RequestRow key={request.id} request={request} />
      ))}
    </Table>
  );
}

function RequestRow({ request }: { request: ActiveRequest | FinishedRequest }) {
  const words = useWords(instanceWords).requests;
  const { caller, path, tokens_per_second: rate, tokens_in: read, tokens_out: written } = request;
  const isOver = 'outcome' in request;
  return (
    <Tr>
      <Td className="figures whitespace-nowrap">
        <Moment at={request.started_at} />
      </Td>
      <Td className="max-w-48 truncate">{caller ?? <span className="text-mute">{words.someone}</span>}</Td>
      <Td className="max-w-64 truncate text-mute">{path}</Td>
      <Td isNumber>{isOver ? seconds(request.duration) : '–'}</Td>
      <Td isNumber>{rate === null ? '–' : rateText(rate)}</Td>
      <Td isNumber>{read === null && written === null ? '–' : `${read ?? '–'} → ${written ?? '–'}`}</Td>
      <Td>
        {isOver ? (
          <VerdictMark verdict={OUTCOMES[request.outcome]}>{words.outcomes[request.outcome]}</VerdictMark>
        ) : (
          <VerdictMark verdict="busy">{words.underWay}</VerdictMark>
        )}
      </Td>
    </Tr>
  );
}

const OUTCOMES: Readonly<Record<FinishedRequest['outcome'], Verdict>> = {
  ok: 'ok',
  aborted: 'off',
  cancelled: 'off',
  client_error: 'warn',
  engine_error: 'bad',
  refused: 'bad',
  broken: 'bad',
};

function seconds(value: number): string {
  return value < 60 ? `${value.toFixed(value < 10 ? 2 : 1)} s` : duration(value);
}
