import { RouterProvider } from '@tanstack/react-router';
import { useEffect, useSyncExternalStore } from 'react';
import { Button } from '../components/button.tsx';
import { EmptyState } from '../components/empty-state.tsx';
import { useApp } from '../lib/app.ts';
import { useWords } from '../lib/language.ts';
import { useStored } from '../lib/value-store.ts';
import { router } from '../routes.tsx';
import { partsWords } from '../words/parts.ts';
import { LogInPage } from './log-in-page.tsx';

/** Decides between the log-in and the pages. Connects while the user is logged in. */
export function Entry() {
  const { logIn, feed } = useApp();
  const state = useStored(logIn.state);
  const isIn = state.kind === 'in';
  useEffect(() => {
    if (!isIn) return undefined;
    feed.start();
    return () => feed.stop();
  }, [feed, isIn]);
  switch (state.kind) {
    case 'unknown':
      return null;
    case 'unreachable':
      return <Unreachable error={state.error} onRetry={() => void logIn.start()} />;
    case 'out':
      return <LoggedOut hasFirstPassword={state.hasFirstPassword} />;
    case 'in':
      return <RouterProvider router={router} />;
  }
}

/** The place that needs no log-in, as `/docs` and `openapi.json`. */
const PUBLIC_PLACE = '/api';

/** The log-in, or the place that needs none. */
function LoggedOut({ hasFirstPassword }: { hasFirstPassword: boolean }) {
  const { history } = router;
  const place = useSyncExternalStore(history.subscribe, () => history.location.pathname);
  return place === PUBLIC_PLACE ? (
    <RouterProvider router={router} />
  ) : (
    <LogInPage hasFirstPassword={hasFirstPassword} />
  );
}

/** The first question got no answer. There is no frame yet, because nothing is known about the user. */
function Unreachable({ error, onRetry }: { error: Error; onRetry: () => void }) {
  const words = useWords(partsWords);
  return (
    <main>
      <div role="alert">
        <EmptyState
          icon="warning"
          title={words.noConnection}
          action={<Button onClick={onRetry}>{words.tryAgain}</Button>}
        >
          <span lang="en">{error.message}</span>
        </EmptyState>
      </div>
    </main>
  );
}
