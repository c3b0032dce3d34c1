import { RouterProvider } from '@tanstack/react-router';
import { useEffect } from 'react';
import { ErrorState } from '../components/error-state.tsx';
import { useApp } from '../lib/app.ts';
import { useStored } from '../lib/value-store.ts';
import { router } from '../routes.tsx';
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
      return <ErrorState error={state.error} onRetry={() => void logIn.start()} />;
    case 'out':
      return <LogInPage />;
    case 'in':
      return <RouterProvider router={router} />;
  }
}
