import { useMutation } from '@tanstack/react-query';
import type { Role, User } from '@llamactl/client';
import { useState } from 'react';
import { TextField } from '../../components/field.tsx';
import { FormDialog } from '../../components/form-dialog.tsx';
import { Select } from '../../components/select.tsx';
import { useApp } from '../../lib/app.ts';
import { useWords } from '../../lib/language.ts';
import { accessWords } from '../../words/access.ts';
import { useSettled } from './access-command.ts';
import { LimitFields } from './limit-fields.tsx';
import { limitNumbers, limitTexts, NO_LIMITS, type LimitTexts } from './limits.ts';

const ROLES: readonly Role[] = ['viewer', 'operator', 'admin'];

/** A new account, or changes of one. @param user `null`: a new one. */
export function UserForm({ user, onClose }: { user: User | null; onClose: () => void }) {
  const words = useWords(accessWords);
  const { client } = useApp();
  const [username, setUsername] = useState(user?.username ?? '');
  const [role, setRole] = useState<Role>(user?.role ?? 'operator');
  const [password, setPassword] = useState('');
  const [limits, setLimits] = useState<LimitTexts>(user === null ? NO_LIMITS : limitTexts(user));
  const settled = useSettled(['users'], onClose);
  const numbers = limitNumbers(limits);
  const save = useMutation({
    mutationFn: () =>
      user === null
        ? client.createUser({ username, password, role, ...numbers })
        : client.updateUser(user.username, { role, ...numbers, ...(password === '' ? {} : { password }) }),
    ...settled(user === null ? words.userCreated(username) : words.userSaved(user.username)),
    // The dialog shows it.
    onError: () => undefined,
  });
  const submit = (): void => {
    if (numbers !== null) save.mutate();
  };
  return (
    <FormDialog
      title={user === null ? words.newUser : words.editUser(user.username)}
      submit={user === null ? words.create : words.save}
      isPending={save.isPending}
      error={save.error}
      onSubmit={submit}
      onClose={onClose}
    >
      {user === null && (
        <TextField
          label={words.userName}
          autoComplete="off"
          value={username}
          onChange={({ target }) => setUsername(target.value)}
        />
      )}
      <Select
        label={words.role}
        hint={words.roleHints[role]}
        value={role}
        choices={ROLES.map((value) => ({ value, label: words.roles[value] }))}
        onChoose={setRole}
      />
      <TextField
        label={user === null ? words.password : words.newPassword}
        hint={user === null ? words.passwordHint : words.newPasswordHint}
        type="password"
        autoComplete="new-password"
        value={password}
        onChange={({ target }) => setPassword(target.value)}
      />
      <LimitFields limits={limits} onChange={setLimits} />
    </FormDialog>
  );
}
