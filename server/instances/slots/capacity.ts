import type { Config } from '@llamactl/contract/config';

/**
 * Amounts by resource. A resource is one pool that instances share: all slots, the slots of a group, or the memory of
 * one device. All amounts of a resource have the same unit.
 */
export type Amounts = ReadonlyMap<string, number>;

/** The amounts that all holders together may occupy. */
export interface Capacity {
  /** The present amounts. A resource without an entry has no limit. */
  readonly amounts: Amounts;
  /** Calls the listener after each change of the amounts. */
  onChange(listener: () => void): void;
}

/** The resource that `instances.max_running` limits. */
const ALL_SLOTS = 'slots';
/** Prefix of the name of the resource that a group's `max_running` limits. */
const SLOTS_OF = `${ALL_SLOTS} of `;

/** The demand of every instance outside of groups: one slot. */
export const ONE_SLOT: Amounts = new Map([[ALL_SLOTS, 1]]);

/** One of all slots, and one of the group's slots. @param group `null`: no group */
export function slotDemand(group: string | null): Amounts {
  return group === null ? ONE_SLOT : new Map([...ONE_SLOT, [slotsOf(group), 1]]);
}

/** The slots of the configuration. They never change while the server runs. */
export function slotCapacity(
  { max_running: maxRunning }: Pick<Config['instances'], 'max_running'>,
  groups: Config['groups'],
): Capacity {
  const ofGroups = Object.entries(groups).map(([name, { max_running = 0 }]) => [slotsOf(name), max_running] as const);
  const limits = [[ALL_SLOTS, maxRunning] as const, ...ofGroups];
  // In the configuration, 0 is no limit.
  return { amounts: new Map(limits.filter(([, slots]) => slots > 0)), onChange: () => undefined };
}

/**
 * Returns the setting that limits a resource: `max_running`, or `group` for the slots of a group. For any other
 * resource, returns its name.
 */
export function limitOf(resource: string): string {
  if (resource === ALL_SLOTS) return 'max_running';
  return resource.startsWith(SLOTS_OF) ? 'group' : resource;
}

/** Says which limit is reached; a clause. @param most The amount that all holders may occupy. */
export function limitText(resource: string, most: number): string {
  if (resource === ALL_SLOTS) return `no slot is free (\`instances.max_running\` is ${most})`;
  if (!resource.startsWith(SLOTS_OF)) return `too little memory of ${resource} is free`;
  const group = resource.slice(SLOTS_OF.length);
  return `no slot of the group ${group} is free (its \`max_running\` is ${most})`;
}

/** Several capacities, which have different resources, as one. */
export function jointCapacity(parts: readonly Capacity[]): Capacity {
  return {
    get amounts() {
      return new Map(parts.flatMap(({ amounts }) => [...amounts]));
    },
    onChange: (listener) => {
      for (const part of parts) part.onChange(listener);
    },
  };
}

function slotsOf(group: string): string {
  return SLOTS_OF + group;
}
