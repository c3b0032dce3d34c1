import { useMutation } from '@tanstack/react-query';
import type { Role, User } from '@llamactl/client';
import { useState } from 'react';
import { Button } from '../../components/button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { TextField } from '../../components/field.tsx';
import { Select } from '../../components/select.tsx';
import { useApp } from '../../lib/app.ts';
import { errorText } from '../../lib/error-text.ts';
import { useWords } from '../../lib/language.ts';
import { accessWords } from '../../words/access.ts';
import { partsWords } from '../../words/parts.ts';
import { useSettled } from './access-command.ts';

const ROLES: readonly Role[] = ['viewer', 'operator', 'admin'];
const LIMITS = [
  ['max_in_flight', 'maxInFlight'],
  ['requests_per_minute', 'perMinute'],
  ['tokens_per_minute', 'tokensPerMinute'],
] as const;

type LimitName = (typeof LIMITS)[number][0];

/** A new account, or changes of one. @param user `null`: a new one. */
export function UserForm({ user, onClose }: { user: User | null; onClose: () => void }) {
  const words = useWords(accessWords);
  const parts = useWords(partsWords);
  const { client } = useApp();
  const [username, setUsername] = useState(user?.username ?? '');
  const [role, setRole] = useState<Role>(user?.role ?? 'operator');
  const [password, setPassword] = useState('');
  const [limits, setLimits] = useState<Record<LimitName, string>>({
    max_in_flight: String(user?.max_in_flight ?? 0),
    requests_per_minute: String(user?.requests_per_minute ?? 0),
    tokens_per_minute: String(user?.tokens_per_minute ?? 0),
  });
  const settled = useSettled(['users'], onClose);
  const numbers = numbersOf(limits);
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
    <Dialog
      title={user === null ? words.newUser : words.editUser(user.username)}
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>{parts.cancel}</Button>
          <Button kind="primary" isPending={save.isPending} onClick={submit}>
            {user === null ? words.create : words.save}
          </Button>
        </>
      }
    >
      <form
        className="flex flex-col gap-5"
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        {user === null && (
          <TextField
            label={words.userName}
            autoComplete="off"
            // oxlint-disable-next-line jsx-a11y/no-autofocus -- the dialog is this form
            autoFocus
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
        <fieldset className="flex min-w-0 flex-col gap-2">
          <legend className="mb-1 font-strong">{words.limits}</legend>
          <div className="grid gap-3 wide:grid-cols-3">
            {LIMITS.map(([name, label]) => (
              <TextField
                key={name}
                label={words[label]}
                inputMode="numeric"
                isMono
                error={wholeNumber(limits[name]) === null ? words.notNumber : null}
                value={limits[name]}
                onChange={({ target }) => setLimits({ ...limits, [name]: target.value })}
              />
            ))}
          </div>
          <p className="text-mute">{words.limitHint}</p>
        </fieldset>
        {save.error !== null && (
          <p role="alert" className="text-bad">
            {errorText(save.error).sentence}
          </p>
        )}
        <button type="submit" hidden aria-hidden tabIndex={-1} />
      </form>
    </Dialog>
  );
}

function wholeNumber(text: string): number | null {
  return /^\d{1,12}$/.test(text.trim()) ? Number(text) : null;
}

/** The limits as numbers; `null`: one of them is none. */
function numbersOf(limits: Readonly<Record<LimitName, string>>): Record<LimitName, number> | null {
  const [inFlight, requests, tokens] = LIMITS.map(([name]) => wholeNumber(limits[name]));
  if (inFlight === undefined || requests === undefined || tokens === undefined) return null;
  if (inFlight === null || requests === null || tokens === null) return null;
  return { max_in_flight: inFlight, requests_per_minute: requests, tokens_per_minute: tokens };
}
