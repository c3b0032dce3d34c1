import type { Client, InstanceSummary } from '@llamactl/client';

/** The groups of these instances whose members are all pinned. Asks the server only if a member is not pinned itself. */
export async function pinnedGroups(
  client: Pick<Client, 'getSystemStatus'>,
  instances: readonly Pick<InstanceSummary, 'group' | 'pinned'>[],
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  if (!instances.some(({ group, pinned }) => group !== undefined && !pinned)) return new Set();
  const { groups } = await client.getSystemStatus({ signal });
  return new Set(groups.filter(({ pinned }) => pinned).map(({ name }) => name));
}
