import { useMutation, useQuery } from '@tanstack/react-query';
import type { User } from '@llamactl/client';
import { ConfirmDialog } from '../../components/confirm-dialog.tsx';
import { QueryPart } from '../../components/query-part.tsx';
import { useApp } from '../../lib/app.ts';
import { useWords } from '../../lib/language.ts';
import { keysQuery } from '../../lib/queries.ts';
import { accessWords } from '../../words/access.ts';
import { useSettled } from './access-command.ts';

/** Asks before an account is disabled, because that revokes its keys for good. */
export function DisableUser({ user, onClose }: { user: User; onClose: () => void }) {
  const words = useWords(accessWords);
  const { client } = useApp();
  // A key that was made a moment ago must be in the list.
  const keys = useQuery({ ...keysQuery(client), staleTime: 0 });
  const settled = useSettled(['users'], onClose, user.username);
  const disable = useMutation({
    mutationFn: () => client.updateUser(user.username, { disabled: true }),
    ...settled(words.userDisabled(user.username)),
  });
  return (
    <ConfirmDialog
      title={words.disableTitle(user.username)}
      confirm={words.disable}
      isDanger
      isPending={disable.isPending || keys.isFetching}
      onConfirm={() => disable.mutate()}
      onClose={onClose}
    >
      <div className="flex flex-col gap-3">
        <p>{words.disableText}</p>
        <QueryPart query={keys}>
          {(all) => {
            const own = all.filter(({ owner }) => owner === user.username);
            if (own.length === 0) return <p>{words.disableNoKeys}</p>;
            return (
              <div>
                <p className="font-strong">{words.disableKeys(own.length)}</p>
                <ul className="mt-1 list-disc pl-5 break-words">
                  {own.map(({ id, name }) => (
                    <li key={id}>{name}</li>
                  ))}
                </ul>
              </div>
            );
          }}
        </QueryPart>
      </div>
    </ConfirmDialog>
  );
}
