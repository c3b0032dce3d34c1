import { useQuery } from '@tanstack/react-query';
import type { Key, UsageRow } from '@llamactl/client';
import { useMemo, useState } from 'react';
import { useApp, useHasAccounts, useMay } from '../../lib/app.ts';
import { callerId, callerText } from '../../lib/caller-text.ts';
import { keysQuery, usageQuery } from '../../lib/queries.ts';
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

/**
 * Returns the owners of keys, by the ids that the keys have as callers; empty for those who may not see the keys of others.
 * Their usage has the owners of keys that were deleted.
 */
export function useOwners(): ReadonlyMap<string, string> {
  const { client } = useApp();
  const keys = useKeys();
  const isAdmin = useMay('admin');
  const hasAccounts = useHasAccounts();
  const usage = useQuery({ ...usageQuery(client, 'key', '30d'), enabled: isAdmin && hasAccounts, staleTime: 60_000 });
  return useMemo(() => ownersIn(keys, usage.data?.usage ?? []), [keys, usage.data]);
}

/** The owners of keys, by the ids that the keys have as callers. @param usage Of keys, also of deleted ones. */
export function ownersIn(
  keys: readonly Pick<Key, 'id' | 'owner'>[],
  usage: readonly Pick<UsageRow, 'id' | 'owner'>[],
): ReadonlyMap<string, string> {
  const used = usage.flatMap(({ id, owner }) => (id === null || owner === null ? [] : [{ id, owner }]));
  return new Map([...used, ...keys].map(({ id, owner }) => [`key:${id}`, owner]));
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
  // Of an address, the choice has the requests with all unknown keys.
  for (const caller of seen)
    labels.set(callerId(caller), callerText(caller.startsWith('address:') ? callerId(caller) : caller));
  for (const { id, name, owner } of keys) labels.set(`key:${id}`, `key:${name} · ${owner}`);
  return [...labels]
    .map(([id, label]) => ({ id, label }))
    .toSorted((one, other) => one.label.localeCompare(other.label));
}
