import { useMutation, useQuery } from '@tanstack/react-query';
import type { Session } from '@llamactl/client';
import { useState, type FormEvent } from 'react';
import { Age, Moment } from '../../components/age.tsx';
import { Badge } from '../../components/badge.tsx';
import { Button } from '../../components/button.tsx';
import { TextField } from '../../components/field.tsx';
import { PageBody } from '../../components/page-header.tsx';
import { Facts, Panel } from '../../components/panel.tsx';
import { QueryPart } from '../../components/query-part.tsx';
import { Table, Td, Th, Tr } from '../../components/table.tsx';
import { showToast } from '../../components/toast.tsx';
import { useApp, useRole } from '../../lib/app.ts';
import { errorText } from '../../lib/error-text.ts';
import { useWords } from '../../lib/language.ts';
import { useStored } from '../../lib/value-store.ts';
import { accessWords } from '../../words/access.ts';
import { useSettled } from './access-command.ts';

/** Columns that a narrow screen has no room for. */
const FOR_WIDE = 'hidden wide:table-cell';

/** The account of the user: password and log-ins. */
export function AccountTab() {
  const words = useWords(accessWords);
  const { client, logIn } = useApp();
  const role = useRole();
  const state = useStored(logIn.state);
  const username = state.kind === 'in' ? (state.me.caller?.username ?? '') : '';
  const sessions = useQuery({ queryKey: ['sessions'], queryFn: ({ signal }) => client.listSessions({ signal }) });
  return (
    <PageBody>
      <div className="flex max-w-4xl flex-col gap-4 pt-4">
        <Panel title={words.yourAccount}>
          <Facts
            facts={[
              [words.accountName, username],
              [words.accountRole, `${words.roles[role]}: ${words.roleHints[role]}`],
            ]}
          />
        </Panel>
        <Panel title={words.changePassword}>
          <PasswordForm username={username} />
        </Panel>
        <Panel title={words.logIns}>
          <QueryPart query={sessions}>{(list) => <SessionTable sessions={list} />}</QueryPart>
        </Panel>
      </div>
    </PageBody>
  );
}

function PasswordForm({ username }: { username: string }) {
  const words = useWords(accessWords);
  const { client, logIn } = useApp();
  const [current, setCurrent] = useState('');
  const [next, setNext] = useState('');
  const change = useMutation({
    mutationFn: () => client.changePassword({ current_password: current, new_password: next }),
    onSuccess: async () => {
      showToast({ kind: 'done', text: words.passwordChanged });
      // The server has ended this log-in too.
      await logIn.logOut();
    },
  });
  const submitted = (event: FormEvent): void => {
    event.preventDefault();
    change.mutate();
  };
  return (
    <form onSubmit={submitted} className="flex max-w-sm flex-col gap-4">
      <input type="text" autoComplete="username" value={username} readOnly hidden />
      <TextField
        label={words.currentPassword}
        type="password"
        autoComplete="current-password"
        required
        value={current}
        onChange={({ target }) => setCurrent(target.value)}
      />
      <TextField
        label={words.newPassword}
        hint={words.passwordHint}
        type="password"
        autoComplete="new-password"
        required
        value={next}
        onChange={({ target }) => setNext(target.value)}
      />
      {change.error !== null && (
        <p role="alert" className="text-bad">
          {errorText(change.error).sentence}
        </p>
      )}
      <p className="text-mute">{words.passwordEnds}</p>
      <div>
        <Button type="submit" kind="primary" isPending={change.isPending}>
          {words.changePassword}
        </Button>
      </div>
    </form>
  );
}

function SessionTable({ sessions }: { sessions: readonly Session[] }) {
  const words = useWords(accessWords);
  const columns = words.logInColumns;
  return (
    <Table
      label={words.logIns}
      head={
        <>
          <Th>{columns.since}</Th>
          <Th>{columns.client}</Th>
          <Th className={FOR_WIDE}>{columns.address}</Th>
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
        <SessionRow key={session.id} session={session} />
      ))}
    </Table>
  );
}

function SessionRow({ session }: { session: Session }) {
  const words = useWords(accessWords);
  const { client, logIn } = useApp();
  const settled = useSettled(['sessions'], () => undefined);
  const end = useMutation({
    mutationFn: async () => {
      if (session.current) await logIn.logOut();
      else await client.endSession(session.id);
    },
    ...settled(words.logInEnded),
  });
  return (
    <Tr>
      <Td className="whitespace-nowrap">
        <Age of={session.created_at} />
      </Td>
      <Td>
        <span className="flex flex-wrap items-center gap-x-2">
          <span className="max-w-32 truncate wide:max-w-80" title={session.user_agent ?? undefined}>
            {session.user_agent ?? '–'}
          </span>
          {session.current && <Badge colour="accent">{words.thisLogIn}</Badge>}
        </span>
      </Td>
      <Td className={`${FOR_WIDE} text-mute`}>{session.address}</Td>
      <Td isNumber className={FOR_WIDE}>
        <Moment at={session.ends_at} />
      </Td>
      <Td isNumber>
        <Button size="small" kind="danger" isPending={end.isPending} onClick={() => end.mutate()}>
          {words.endLogIn}
        </Button>
      </Td>
    </Tr>
  );
}
