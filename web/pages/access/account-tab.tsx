import { useMutation, useQuery } from '@tanstack/react-query';
import type { Session } from '@llamactl/client';
import { useState, type FormEvent } from 'react';
import { Button } from '../../components/button.tsx';
import { TextField } from '../../components/field.tsx';
import { PageBody } from '../../components/page-header.tsx';
import { Facts, Panel } from '../../components/panel.tsx';
import { QueryPart } from '../../components/query-part.tsx';
import { ErrorSentence } from '../../components/server-sentence.tsx';
import { showToast } from '../../components/toast.tsx';
import { useApp, useRole } from '../../lib/app.ts';
import { useWords } from '../../lib/language.ts';
import { useStored } from '../../lib/value-store.ts';
import { accessWords } from '../../words/access.ts';
import { SessionTable, useEndSessions } from './session-table.tsx';

/** The key of the list of the own log-ins. */
const OWN_SESSIONS = ['sessions'];

/** The account of the user: password and log-ins. */
export function AccountTab() {
  const words = useWords(accessWords);
  const { client, logIn } = useApp();
  const role = useRole();
  const state = useStored(logIn.state);
  const username = state.kind === 'in' ? (state.me.caller?.username ?? '') : '';
  const sessions = useQuery({ queryKey: OWN_SESSIONS, queryFn: ({ signal }) => client.listSessions({ signal }) });
  const endOthers = useEndSessions(OWN_SESSIONS, () => client.endAllSessions({ others: true }));
  const end = async ({ id, current }: Session): Promise<void> => {
    if (current) await logIn.logOut();
    else await client.endSession(id);
  };
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
        <Panel
          title={words.logIns}
          actions={
            (sessions.data?.length ?? 0) > 1 && (
              <Button size="small" kind="danger" isPending={endOthers.isPending} onClick={() => endOthers.mutate()}>
                {words.endOthers}
              </Button>
            )
          }
        >
          <QueryPart query={sessions}>
            {(list) => <SessionTable sessions={list} list={OWN_SESSIONS} onEnd={end} />}
          </QueryPart>
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
          <ErrorSentence error={change.error} />
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
