import type { Client, Role } from '@llamactl/client';
import type { QueryClient } from '@tanstack/react-query';
import { createContext, use } from 'react';
import type { CommandBook } from './commands.ts';
import type { Feed } from './live/feed.ts';
import type { RowStore } from './live/row-store.ts';
import type { LogIn } from './log-in.ts';
import { includes, roleOf } from './permissions.ts';
import { useStored, type ValueStore } from './value-store.ts';

/** Everything that one tab has only once. `main.tsx` makes it. */
export interface App {
  /** The client of the API, with the short token of this tab. */
  client: Client;
  logIn: LogIn;
  rows: RowStore;
  feed: Feed;
  queries: QueryClient;
  commands: CommandBook;
  /** Until when the server refuses requests of this caller, in milliseconds since the epoch; `null`: it does not. */
  busyUntil: ValueStore<number | null>;
}

export const AppContext = createContext<App | null>(null);

/** Returns what this tab has only once. */
export function useApp(): App {
  const app = use(AppContext);
  if (app === null) throw new Error('useApp needs an AppContext');
  return app;
}

/** Returns the role of the user. */
export function useRole(): Role {
  const state = useStored(useApp().logIn.state);
  return state.kind === 'in' ? roleOf(state.me) : 'viewer';
}

/** Whether people and programs need an account or a key. `false` also until the page knows it. */
export function useHasAccounts(): boolean {
  const state = useStored(useApp().logIn.state);
  return state.kind === 'in' && state.me.auth_enabled;
}

/** Whether the user has the rights of a role. Do not render a button that the user may not press. */
export function useMay(needed: Role): boolean {
  return includes(useRole(), needed);
}
