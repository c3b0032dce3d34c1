import { Dialog } from '../components/dialog.tsx';
import { useApp } from '../lib/app.ts';
import { useWords } from '../lib/language.ts';
import { lastUser } from '../lib/log-in.ts';
import { useStored } from '../lib/value-store.ts';
import { logInWords } from '../words/log-in.ts';
import { FirstPassword } from './first-password.tsx';
import { LogInForm } from './log-in-form.tsx';

/** The account that exists when accounts are turned on. */
const FIRST_USER = 'admin';

/** The log-in over the page, after the log-in has ended or accounts were turned on. The page behind keeps its forms. */
export function LogInAgain() {
  const words = useWords(logInWords);
  const state = useStored(useApp().logIn.state);
  if (state.kind !== 'in' || !state.isExpired) return null;
  const isFirst = !state.me.auth_enabled;
  const username = state.me.caller?.username ?? (isFirst ? lastUser() || FIRST_USER : '');
  return (
    <Dialog title={isFirst ? words.accountsOn : words.again} width={400} canClose={false} onClose={() => undefined}>
      <p className="mb-4 text-mute">{isFirst ? words.accountsOnNote : words.againNote}</p>
      <LogInForm username={username} />
      {isFirst && <FirstPassword />}
    </Dialog>
  );
}
