import type { Alert, GroupLimits, Resources } from '@llamactl/client';
import { useCallback, useEffect, useMemo, useReducer, useSyncExternalStore } from 'react';
import { useApp } from '../app.ts';
import type { Command } from '../commands.ts';
import { useStored } from '../value-store.ts';
import type { Connection } from './feed.ts';
import type { Row } from './row-store.ts';

/** Milliseconds between two renders of a list because of changed figures. */
const LIST_MS = 1_000;

/** Returns the row of an instance; `undefined`: no instance has this name. Renders again only when this row changes. */
export function useRow(name: string): Row | undefined {
  const { rows } = useApp();
  const subscribe = useCallback((listener: () => void) => rows.subscribeRow(name, listener), [rows, name]);
  return useSyncExternalStore(subscribe, () => rows.row(name));
}

/** Returns the last figures of tokens a second of an instance, oldest first. */
export function useTrail(name: string): readonly number[] {
  const { rows } = useApp();
  const subscribe = useCallback((listener: () => void) => rows.subscribeRow(name, listener), [rows, name]);
  return useSyncExternalStore(subscribe, () => rows.trail(name));
}

/** Returns the names of all instances; `null`: not loaded yet. Renders again when an instance comes or goes. */
export function useRowNames(): readonly string[] | null {
  return useStored(useApp().rows.names);
}

/** Returns all rows; `null`: not loaded yet. Renders again at most once a second, for sorting, filtering and counting. */
export function useAllRows(): readonly Row[] | null {
  const { rows } = useApp();
  const names = useRowNames();
  const [count, renderAgain] = useReducer((before: number) => before + 1, 0);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const end = rows.version.subscribe(() => {
      timer ??= setTimeout(() => {
        timer = undefined;
        renderAgain();
      }, LIST_MS);
    });
    return () => {
      end();
      clearTimeout(timer);
    };
  }, [rows]);
  // oxlint-disable-next-line react/exhaustive-deps -- the rows change with the count, and with the names
  return useMemo(() => (names === null ? null : rows.all()), [rows, names, count]);
}

/** Returns the alerts that are raised now; `null`: not loaded yet. */
export function useAlerts(): readonly Alert[] | null {
  return useStored(useApp().feed.alerts);
}

/** Returns the figures of the machine; `null`: not loaded yet. */
export function useResources(): Resources | null {
  return useStored(useApp().feed.resources);
}

/** Returns the limits of groups of instances; none before they are loaded. */
export function useGroups(): readonly GroupLimits[] {
  return useStored(useApp().feed.groups);
}

/** Returns the state of the connection that events come over. */
export function useConnection(): Connection {
  return useStored(useApp().feed.connection);
}

/** Whether commands can be sent now: the connection is not lost. */
export function useIsOnline(): boolean {
  return useConnection().kind !== 'lost';
}

/** Returns the command that is under way for an instance; `undefined`: none. */
export function usePending(name: string): Command | undefined {
  const { commands } = useApp();
  return useSyncExternalStore(
    commands.subscribe,
    useCallback(() => commands.pending(name), [commands, name]),
  );
}
