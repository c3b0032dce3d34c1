import { QueryClientProvider } from '@tanstack/react-query';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { apiClient } from './lib/api.ts';
import { AppContext, type App } from './lib/app.ts';
import { CommandBook } from './lib/commands.ts';
import { startLanguage } from './lib/language.ts';
import { Feed } from './lib/live/feed.ts';
import { askAgainAbout, followWith } from './lib/live/followed-queries.ts';
import { RowStore } from './lib/live/row-store.ts';
import { LogIn } from './lib/log-in.ts';
import { showError } from './components/toast.tsx';
import { queryCache } from './lib/queries.ts';
import { reloadWhenPartsAreGone } from './lib/new-version.ts';
import { serverAddress } from './lib/server-address.ts';
import { listenForShortcuts } from './lib/shortcuts.ts';
import { followLanguage } from './lib/server-words.ts';
import { startTheme } from './lib/theme.ts';
import { ValueStore } from './lib/value-store.ts';
import './page.css';
import { commandMessages } from './shell/command-messages.ts';
import { Entry } from './shell/entry.tsx';

/** Makes everything that a tab has only once. */
function makeApp(): App {
  const address = serverAddress(location.href);
  const logIn = new LogIn(address);
  const busyUntil = new ValueStore<number | null>(null);
  const client = apiClient(address, logIn, busyUntil);
  const rows = new RowStore();
  const feed = new Feed(client, rows);
  const queries = queryCache();
  const messages = commandMessages({ rows, feed, start: (names) => commands.start(...names) });
  const commands = new CommandBook(client, feed, {
    ...messages,
    failed: (failure) => {
      // A refusal is no event, but it tells that answers such as why it cannot start are old.
      askAgainAbout(queries, failure.names);
      messages.failed(failure);
    },
  });
  followWith(queries, feed);
  return { client, logIn, rows, feed, queries, commands, busyUntil };
}

reloadWhenPartsAreGone();
startTheme();
startLanguage();
followLanguage(() => import('./words/de/server.ts'), showError);
listenForShortcuts();
const app = makeApp();
void app.logIn.start();
const host = document.querySelector('#root');
if (host === null) throw new Error('index.html has no #root');
createRoot(host).render(
  <StrictMode>
    <AppContext value={app}>
      <QueryClientProvider client={app.queries}>
        <Entry />
      </QueryClientProvider>
    </AppContext>
  </StrictMode>,
);
