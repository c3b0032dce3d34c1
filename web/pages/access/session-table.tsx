import { useMutation } from '@tanstack/react-query';
import type { Session, SessionsEnded } from '@llamactl/client';
import { Age, Moment } from '../../components/age.tsx';
import { Badge } from '../../components/badge.tsx';
import { Button } from '../../components/button.tsx';
import { Table, Td, Th, Tr } from '../../components/table.tsx';
import { showError, showToast } from '../../components/toast.tsx';
import { useApp } from '../../lib/app.ts';
import { useWords } from '../../lib/language.ts';
import { accessWords } from '../../words/access.ts';
import { useSettled } from './access-command.ts';
import { clientText } from './client-text.ts';

/** Columns that a narrow screen has no room for. */
const FOR_WIDE = 'hidden wide:table-cell';

interface SessionTableProps {
  sessions: readonly Session[];
  /** The key of their list, which is asked for again when one has ended. */
  list: readonly string[];
  onEnd: (session: Session) => Promise<unknown>;
}

/** Log-ins of one account, each with a button that ends it. */
export function SessionTable({ sessions, list, onEnd }: SessionTableProps) {
  const words = useWords(accessWords);
  const columns = words.logInColumns;
  return (
    <Table
      label={words.logIns}
      head={
        <>
          <Th>{columns.client}</Th>
          <Th className={FOR_WIDE}>{columns.address}</Th>
          <Th isNumber className={FOR_WIDE}>
            {columns.since}
          </Th>
          <Th isNumber>{columns.used}</Th>
          <Th isNumber className={FOR_WIDE}>
            {columns.ends}
          </Th>
          <Th isNumber>
            <span className="sr-only">{columns.actions}</span>
          </Th>
        </>
      }
    >
      {sessions.map((session) => (
        <SessionRow key={session.id} session={session} list={list} onEnd={onEnd} />
      ))}
    </Table>
  );
}

function SessionRow({ session, list, onEnd }: Omit<SessionTableProps, 'sessions'> & { session: Session }) {
  const words = useWords(accessWords);
  const settled = useSettled(list, () => undefined);
  const end = useMutation({ mutationFn: () => onEnd(session), ...settled(words.logInEnded) });
  const client = session.user_agent ?? '–';
  return (
    <Tr>
      <Td className="py-1.5">
        <span className="flex flex-wrap items-center gap-x-2">
          <span className="max-w-32 truncate wide:max-w-64" title={client}>
            {clientText(client)}
          </span>
          {session.current && <Badge colour="accent">{words.thisLogIn}</Badge>}
        </span>
        <span className="block text-mute wide:hidden">{session.address}</span>
      </Td>
      <Td className={`${FOR_WIDE} text-mute`}>{session.address}</Td>
      <Td isNumber className={FOR_WIDE}>
        <Age of={session.created_at} saysAgo />
      </Td>
      <Td isNumber>
        <Age of={session.last_used_at} saysAgo />
      </Td>
      <Td isNumber className={FOR_WIDE}>
        <Moment at={session.ends_at} />
      </Td>
      <Td isNumber className="py-1.5">
        <Button size="small" kind="danger" isPending={end.isPending} onClick={() => end.mutate()}>
          {words.endLogIn}
        </Button>
      </Td>
    </Tr>
  );
}

/** Ends several log-ins, and says how many there were. @param list The key of their list. */
export function useEndSessions(list: readonly string[], end: () => Promise<SessionsEnded>) {
  const words = useWords(accessWords);
  const { queries } = useApp();
  return useMutation({
    mutationFn: end,
    onSuccess: ({ ended }) => showToast({ kind: 'done', text: words.logInsEnded(ended) }),
    onError: showError,
    onSettled: () => void queries.invalidateQueries({ queryKey: list }),
  });
}
