import { useMutation, useQuery } from '@tanstack/react-query';
import type { User } from '@llamactl/client';
import { useRef, useState } from 'react';
import { Age } from '../../components/age.tsx';
import { Badge } from '../../components/badge.tsx';
import { Button } from '../../components/button.tsx';
import { ConfirmDialog } from '../../components/confirm-dialog.tsx';
import { PageBody } from '../../components/page-header.tsx';
import { QueryPart } from '../../components/query-part.tsx';
import { VerdictMark } from '../../components/status.tsx';
import { Table, Td, Th, Tr } from '../../components/table.tsx';
import { useApp } from '../../lib/app.ts';
import { useWords } from '../../lib/language.ts';
import { useMedia, WIDE } from '../../lib/media.ts';
import { usersQuery } from '../../lib/queries.ts';
import { useShortcuts } from '../../lib/shortcuts.ts';
import { useStored } from '../../lib/value-store.ts';
import { accessWords } from '../../words/access.ts';
import { useSettled } from './access-command.ts';
import { DisableUser } from './disable-user.tsx';
import { EditButton } from './edit-button.tsx';
import { limitsText } from './limits-text.ts';
import { NarrowCell } from './narrow-cell.tsx';
import { UsageFigures, UsageLine, useMonth } from './usage-figures.tsx';
import { UserForm } from './user-form.tsx';
import { UserMenu } from './user-menu.tsx';
import { UserSessions } from './user-sessions.tsx';

/** All accounts. */
export function UsersTab() {
  const words = useWords(accessWords);
  const { client } = useApp();
  const query = useQuery(usersQuery(client));
  const [isNew, setNew] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const open = (): void => {
    // The focus returns here, also after the key.
    button.current?.focus();
    setNew(true);
  };
  useShortcuts(words.tabs.users, [{ keys: 'n', label: words.newUser, run: open }]);
  return (
    <PageBody>
      <div className="flex justify-end py-3">
        <Button ref={button} kind="primary" icon="plus" keyHint="n" onClick={open}>
          {words.newUser}
        </Button>
      </div>
      <QueryPart query={query}>{(users) => <UserTable users={users} />}</QueryPart>
      {isNew && <UserForm user={null} onClose={() => setNew(false)} />}
    </PageBody>
  );
}

function UserTable({ users }: { users: readonly User[] }) {
  const words = useWords(accessWords);
  const columns = words.userColumns;
  const [edited, setEdited] = useState<User | null>(null);
  const [deleted, setDeleted] = useState<User | null>(null);
  const [disabled, setDisabled] = useState<User | null>(null);
  const [seen, setSeen] = useState<User | null>(null);
  const month = useMonth('user');
  const isWide = useMedia(WIDE);
  return (
    <>
      <Table
        label={words.tabs.users}
        head={
          <>
            <Th>{columns.name}</Th>
            {isWide && (
              <>
                <Th>{columns.role}</Th>
                <Th>{columns.state}</Th>
                <Th>{columns.limits}</Th>
                <Th isNumber>{columns.month}</Th>
                <Th isNumber>{columns.login}</Th>
              </>
            )}
            <Th isNumber>
              <span className="sr-only">{columns.actions}</span>
            </Th>
          </>
        }
      >
        {users.map((user) => (
          <UserRow
            key={user.username}
            user={user}
            month={month}
            onEdit={() => setEdited(user)}
            onSessions={() => setSeen(user)}
            onDisable={() => setDisabled(user)}
            onDelete={() => setDeleted(user)}
          />
        ))}
      </Table>
      {edited !== null && <UserForm user={edited} onClose={() => setEdited(null)} />}
      {seen !== null && <UserSessions username={seen.username} onClose={() => setSeen(null)} />}
      {disabled !== null && <DisableUser user={disabled} onClose={() => setDisabled(null)} />}
      {deleted !== null && <DeleteUser user={deleted} onClose={() => setDeleted(null)} />}
    </>
  );
}

interface UserRowProps {
  user: User;
  /** Usage by name; `null`: not known (yet). */
  month: ReturnType<typeof useMonth>;
  onEdit: () => void;
  onSessions: () => void;
  onDisable: () => void;
  onDelete: () => void;
}

function UserRow({ user, month, onEdit, onSessions, onDisable, onDelete }: UserRowProps) {
  const words = useWords(accessWords);
  const { logIn } = useApp();
  const me = useStored(logIn.state);
  const isMe = me.kind === 'in' && me.me.caller?.username === user.username;
  const isWide = useMedia(WIDE);
  const name = (
    <span className="flex items-center gap-2">
      <span className="min-w-0 truncate font-strong wide:max-w-64" title={user.username}>
        {user.username}
      </span>
      {isMe && <Badge>{words.you}</Badge>}
    </span>
  );
  const role = <span data-tip={words.roleHints[user.role]}>{words.roles[user.role]}</span>;
  const state = (
    <VerdictMark verdict={user.disabled ? 'off' : 'ok'}>{user.disabled ? words.disabled : words.enabled}</VerdictMark>
  );
  const limits = limitsText(user, words);
  const login = user.last_login_at === null ? words.never : <Age of={user.last_login_at} saysAgo />;
  const actions = (
    <Td isNumber className="align-top wide:align-middle">
      <span className="inline-flex items-center gap-1">
        <EditButton of={user.username} onClick={onEdit} />
        <UserMenu {...{ user, isMe, onSessions, onDisable, onDelete }} />
      </span>
    </Td>
  );
  if (!isWide) {
    return (
      <Tr>
        <NarrowCell>
          {name}
          <span className="flex items-center gap-2">
            {role} {state}
          </span>
          {limits !== null && <span className="block text-mute">{limits}</span>}
          <span className="figures block text-mute">
            {words.userColumns.login}: {login}
          </span>
          <UsageLine row={month?.get(user.username)} />
        </NarrowCell>
        {actions}
      </Tr>
    );
  }
  return (
    <Tr>
      <Td className="py-1.5">{name}</Td>
      <Td>{role}</Td>
      <Td>{state}</Td>
      <Td className="text-mute">{limits ?? words.unlimited}</Td>
      <Td isNumber className="py-1.5">
        {month !== null && <UsageFigures row={month.get(user.username)} />}
      </Td>
      <Td isNumber>{login}</Td>
      {actions}
    </Tr>
  );
}

function DeleteUser({ user, onClose }: { user: User; onClose: () => void }) {
  const words = useWords(accessWords);
  const { client } = useApp();
  const settled = useSettled(['users'], onClose, user.username);
  const remove = useMutation({
    mutationFn: () => client.deleteUser(user.username),
    ...settled(words.userDeleted(user.username)),
  });
  return (
    <ConfirmDialog
      title={words.deleteUserTitle(user.username)}
      confirm={words.deleteUser}
      isDanger
      isPending={remove.isPending}
      onConfirm={() => remove.mutate()}
      onClose={onClose}
    >
      {words.deleteUserText}
    </ConfirmDialog>
  );
}
