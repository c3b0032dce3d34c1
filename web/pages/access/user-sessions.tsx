import { useQuery } from '@tanstack/react-query';
import { Button } from '../../components/button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { QueryPart } from '../../components/query-part.tsx';
import { useApp } from '../../lib/app.ts';
import { useWords } from '../../lib/language.ts';
import { accessWords } from '../../words/access.ts';
import { partsWords } from '../../words/parts.ts';
import { SessionTable, useEndSessions } from './session-table.tsx';

/** The log-ins of another account, for admins. */
export function UserSessions({ username, onClose }: { username: string; onClose: () => void }) {
  const words = useWords(accessWords);
  const parts = useWords(partsWords);
  const { client } = useApp();
  const list = ['sessions', username];
  const sessions = useQuery({
    queryKey: list,
    queryFn: ({ signal }) => client.listUserSessions(username, { signal }),
  });
  const endAll = useEndSessions(list, () => client.endUserSessions(username));
  const count = sessions.data?.length ?? 0;
  return (
    <Dialog
      title={words.logInsOf(username)}
      width={840}
      onClose={onClose}
      footer={
        <>
          {count > 1 && (
            <Button kind="danger" isPending={endAll.isPending} onClick={() => endAll.mutate()}>
              {words.endAll}
            </Button>
          )}
          <Button onClick={onClose}>{parts.close}</Button>
        </>
      }
    >
      <div className="flex flex-col gap-4">
        <QueryPart query={sessions}>
          {(all) =>
            all.length === 0 ? (
              <p>{words.noLogIns}</p>
            ) : (
              <SessionTable sessions={all} list={list} onEnd={({ id }) => client.endUserSession(username, id)} />
            )
          }
        </QueryPart>
        <p className="text-mute">{words.keysGoOn}</p>
      </div>
    </Dialog>
  );
}
