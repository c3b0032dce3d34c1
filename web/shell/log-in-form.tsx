import { LlamactlError } from '@llamactl/client';
import { useLayoutEffect, useRef, useState, type FormEvent, type KeyboardEvent } from 'react';
import { Button } from '../components/button.tsx';
import { TextField } from '../components/field.tsx';
import { IconButton } from '../components/icon-button.tsx';
import { useApp } from '../lib/app.ts';
import { plainErrorText } from '../lib/error-text.ts';
import { useWords } from '../lib/language.ts';
import { useNow } from '../lib/now.ts';
import { logInWords } from '../words/log-in.ts';

/** User name and password. `username`: whose log-in ended. */
export function LogInForm({ username = '' }: { username?: string }) {
  const words = useWords(logInWords);
  const { logIn } = useApp();
  const passwordField = useRef<HTMLInputElement>(null);
  const [name, setName] = useState(username);
  const [password, setPassword] = useState('');
  const [isShown, setShown] = useState(false);
  const [hasCapsLock, setCapsLock] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const [waitUntil, setWaitUntil] = useState(0);
  const [isPending, setPending] = useState(false);
  const seconds = Math.ceil((waitUntil - useNow()) / 1_000);

  // The dialog moves the focus when it opens: to this field, or else to the first one.
  useLayoutEffect(() => {
    if (username !== '') passwordField.current?.setAttribute('autofocus', '');
  }, [username]);

  const submit = async (): Promise<void> => {
    setPending(true);
    setError(null);
    try {
      await logIn.logIn(name, password);
    } catch (refusal) {
      if (!(refusal instanceof Error)) throw refusal;
      setError(plainErrorText(refusal));
      setPassword('');
      passwordField.current?.focus();
      if (refusal instanceof LlamactlError && refusal.retryAfter !== null)
        setWaitUntil(Date.now() + refusal.retryAfter * 1_000);
    } finally {
      setPending(false);
    }
  };
  const submitted = (event: FormEvent): void => {
    event.preventDefault();
    void submit();
  };
  const watchCapsLock = (event: KeyboardEvent): void => setCapsLock(event.getModifierState('CapsLock'));
  return (
    <form onSubmit={submitted} className="flex flex-col gap-4">
      <TextField
        label={words.name}
        name="username"
        autoComplete="username"
        autoCapitalize="none"
        spellCheck={false}
        required
        // oxlint-disable-next-line jsx-a11y/no-autofocus -- the form is all that this place is for
        autoFocus={username === ''}
        value={name}
        onChange={({ target }) => setName(target.value)}
      />
      <TextField
        ref={passwordField}
        label={words.password}
        name="password"
        type={isShown ? 'text' : 'password'}
        autoComplete="current-password"
        required
        // oxlint-disable-next-line jsx-a11y/no-autofocus -- the form is all that this place is for
        autoFocus={username !== ''}
        // In a dialog, which opens after its fields are there.
        data-focus-first={username === '' ? undefined : ''}
        value={password}
        hint={hasCapsLock ? words.capsLock : undefined}
        error={seconds > 0 ? words.wait(seconds) : error}
        onChange={({ target }) => setPassword(target.value)}
        onKeyUp={watchCapsLock}
        onKeyDown={watchCapsLock}
        end={
          <IconButton
            icon={isShown ? 'eye-off' : 'eye'}
            label={isShown ? words.hide : words.show}
            onClick={() => setShown((shown) => !shown)}
          />
        }
      />
      <Button type="submit" kind="primary" isPending={isPending} disabled={seconds > 0}>
        {words.submit}
      </Button>
    </form>
  );
}
