import { useQuery } from '@tanstack/react-query';
import type { Key } from '@llamactl/client';
import { useMemo, useState } from 'react';
import { useApp, useHasAccounts, useMay } from '../../lib/app.ts';
import { callerId, callerText } from '../../lib/caller-text.ts';
import { keysQuery } from '../../lib/queries.ts';
import type { SeenRequest } from './course.ts';

/** A caller to choose. */
export interface CallerChoice {
  /** As the filter of the API names it. */
  id: string;
  /** As lists show it, and the owner of a key. */
  label: string;
}

const NO_KEYS: readonly Key[] = [];

/** Returns all keys, by their ids as callers have them; none for those who may not see the keys of others. */
function useKeys(): readonly Key[] {
  const { client } = useApp();
  const isAdmin = useMay('admin');
  const hasAccounts = useHasAccounts();
  return useQuery({ ...keysQuery(client), enabled: isAdmin && hasAccounts, staleTime: 60_000 }).data ?? NO_KEYS;
}

/** Returns the owners of keys, by the ids that the keys have as callers; empty for those who may not see the keys of others. */
export function useOwners(): ReadonlyMap<string, string> {
  const keys = useKeys();
  return useMemo(() => new Map(keys.map(({ id, owner }) => [`key:${id}`, owner])), [keys]);
}

/** The owner of the key that a caller is; `null`: it is no key, or the owner is unknown. */
export function ownerOf(owners: ReadonlyMap<string, string>, caller: string | null): string | null {
  return caller === null ? null : (owners.get(callerId(caller)) ?? null);
}

/** Returns the callers to choose from: those that requests of this visit had, and all keys. @param chosen Is always among them. */
export function useCallers(requests: readonly SeenRequest[], chosen: string | undefined): readonly CallerChoice[] {
  const keys = useKeys();
  const [seen, setSeen] = useState<ReadonlySet<string>>(new Set());
  // A filter by caller hides the others, which must stay to choose from.
  const more = requests.flatMap(({ caller }) => (caller === null || seen.has(caller) ? [] : [caller]));
  if (more.length > 0) setSeen(new Set([...seen, ...more]));
  return useMemo(() => callerChoices([...seen], keys, chosen), [seen, keys, chosen]);
}

/** Joins callers and keys to choices, sorted by their labels. */
export function callerChoices(
  seen: readonly string[],
  keys: readonly Pick<Key, 'id' | 'name' | 'owner'>[],
  chosen: string | undefined,
): CallerChoice[] {
  const labels = new Map<string, string>();
  if (chosen !== undefined) labels.set(chosen, chosen);
  for (const caller of seen) labels.set(callerId(caller), callerText(caller));
  for (const { id, name, owner } of keys) labels.set(`key:${id}`, `key:${name} · ${owner}`);
  return [...labels]
    .map(([id, label]) => ({ id, label }))
    .toSorted((one, other) => one.label.localeCompare(other.label));
}
