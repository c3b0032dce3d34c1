import { useEffect } from 'react';
import { useWords } from '../lib/language.ts';
import { lastUser } from '../lib/log-in.ts';
import { logInWords } from '../words/log-in.ts';
import { LogInForm } from './log-in-form.tsx';
import { Logo } from './logo.tsx';

/** The page of a browser that is not logged in. @param hasFirstPassword Whether to say where the generated password is. */
export function LogInPage({ hasFirstPassword }: { hasFirstPassword: boolean }) {
  const words = useWords(logInWords);
  useEffect(() => {
    document.title = `${words.title} · llamactl`;
  }, [words]);
  return (
    <main className="flex min-h-dvh flex-col items-center bg-panel px-4 pt-[16vh] pb-8">
      <div className="w-full max-w-sm rounded-panel border border-line bg-canvas p-6">
        <h1 className="mb-6 flex items-center gap-2 text-page font-strong">
          <Logo size={24} />
          llamactl
        </h1>
        <LogInForm username={lastUser()} />
      </div>
      {hasFirstPassword && <p className="mt-4 max-w-sm text-mute">{words.firstPassword}</p>}
    </main>
  );
}
