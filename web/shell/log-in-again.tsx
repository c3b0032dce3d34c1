import { Dialog } from '../components/dialog.tsx';
import { useApp } from '../lib/app.ts';
import { useWords } from '../lib/language.ts';
import { useStored } from '../lib/value-store.ts';
import { logInWords } from '../words/log-in.ts';
import { LogInForm } from './log-in-form.tsx';

/** The log-in over the page, after the log-in has ended. The page behind keeps its forms. */
export function LogInAgain() {
  const words = useWords(logInWords);
  const state = useStored(useApp().logIn.state);
  if (state.kind !== 'in' || !state.isExpired) return null;
  return (
    <Dialog title={words.again} width={400} canClose={false} onClose={() => undefined}>
      <p className="mb-4 text-mute">{words.againNote}</p>
      <LogInForm username={state.me.caller?.username ?? ''} />
    </Dialog>
  );
}
