import { useQuery } from '@tanstack/react-query';
import { useApp } from '../../lib/app.ts';
import { useWords } from '../../lib/language.ts';
import { requestsWords } from '../../words/requests.ts';
import { busyCallers } from './busy-callers.ts';
import { CallerName } from './caller-name.tsx';
import { ownerOf, useOwners } from './callers.ts';

/** Callers that are shown. */
const MOST = 5;
/** Between two looks. */
const LOOK_MS = 2_000;

/** Whose requests are under way at some instances, as far as the user may see that. */
export default function BusyList({ names }: { names: readonly string[] }) {
  const words = useWords(requestsWords);
  const { client } = useApp();
  const owners = useOwners();
  const { data } = useQuery({
    queryKey: ['requests', 'of', ...names],
    queryFn: ({ signal }) => client.listRequests({ finished: 0, signal }),
    refetchInterval: LOOK_MS,
  });
  if (data === undefined) return null;
  const callers = busyCallers(data.in_flight, new Set(names));
  const more = callers.slice(MOST).reduce((sum, { count }) => sum + count, 0);
  return (
    <ul className="figures mt-2 break-words">
      {callers.slice(0, MOST).map(({ caller, count }) => (
        <li key={caller}>
          {count} · {caller === null ? words.someone : <CallerName caller={caller} owner={ownerOf(owners, caller)} />}
        </li>
      ))}
      {more > 0 && <li>{words.ofOthers(more)}</li>}
    </ul>
  );
}
