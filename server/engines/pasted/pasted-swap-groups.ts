import type { JsonValue } from '@llamactl/contract/request-additions';
import type { DroppedText } from '@llamactl/contract/engine';
import { isRecord } from '@llamactl/contract/record';
import { z } from 'zod';
import type { PastedSettings } from './pasted-settings.ts';

/** A group of llama-swap, with its defaults. */
const SwapGroupSchema = z.looseObject({
  swap: z.boolean().default(true),
  exclusive: z.boolean().default(true),
  persistent: z.boolean().default(false),
  members: z.array(z.string()),
});
type SwapGroup = z.infer<typeof SwapGroupSchema>;

/** The counterparts of the groups in a llama-swap configuration. */
export interface SwapGroups {
  /** The settings of each member, by the name of its model. */
  memberships: ReadonlyMap<string, SwapMembership>;
  /** Sections of the configuration of llamactl. */
  configuration: Record<string, JsonValue>;
  dropped: DroppedText[];
}

/** Settings that an instance has because of its group. */
export interface SwapMembership {
  group?: string;
  pinned?: true;
  /** The part of the text that says so. */
  text: string;
}

const ONE = 'llama-swap loads one of the models without a group at a time';

/**
 * Reads the groups of a llama-swap configuration. Models in none form a group there with `swap` and `exclusive`; without
 * any groups, one model runs at a time.
 *
 * @param groups `groups` of the configuration.
 * @param models The names of all models.
 */
export function readSwapGroups(groups: unknown, models: readonly string[]): SwapGroups {
  const memberships = new Map<string, SwapMembership>();
  const sections: Record<string, JsonValue> = {};
  const dropped: DroppedText[] = [];
  const read = Object.entries(isRecord(groups) ? groups : {}).map(
    ([name, values]) => [name, SwapGroupSchema.safeParse(values).data] as const,
  );
  const stopping = bothWays(read.flatMap(([, group]) => (group === undefined ? [] : [group])));
  for (const [name, group] of read) {
    if (group === undefined) {
      dropped.push({ text: `groups.${name}`, why: 'is not a group of llama-swap with `members`' });
      continue;
    }
    const { section, isPinned, why } = counterpart(group, stopping);
    if (section !== null) sections[name] = section;
    dropped.push({ text: `groups.${name}`, why: why.replaceAll('NAME', () => name) });
    const membership = {
      text: `groups.${name}`,
      ...(section !== null && { group: name }),
      ...(isPinned && { pinned: true as const }),
    };
    for (const member of group.members) memberships.set(member, membership);
  }
  const others = models.filter((model) => !memberships.has(model));
  if (memberships.size === 0) {
    return {
      memberships,
      dropped: [...dropped, ...alone(models)],
      configuration: models.length > 1 ? { instances: { max_running: 1 } } : {},
    };
  }
  if (others.length > 1) {
    const name = 'default' in sections ? 'without-group' : 'default';
    sections[name] = { max_running: 1, exclusive: true };
    dropped.push({
      text: 'models without a group',
      why: `${ONE}; here they are in the group ${name} of the configuration. ${stopping.replaceAll('NAME', name)}`,
    });
    for (const model of others) memberships.set(model, { text: 'models without a group', group: name });
  }
  return { memberships, dropped, configuration: Object.keys(sections).length === 0 ? {} : { groups: sections } };
}

function alone(models: readonly string[]): DroppedText[] {
  if (models.length < 2) return [];
  return [{ text: 'no groups', why: `${ONE}; here \`instances.max_running: 1\` of the configuration limits that` }];
}

interface Counterpart {
  /** The group in the configuration of llamactl; `null`: it limits nothing. */
  section: JsonValue;
  /** Whether each member is pinned by its own setting. */
  isPinned: boolean;
  /** With NAME for the name of the group. */
  why: string;
}

/**
 * How `exclusive` differs here, with NAME for the name of the exclusive group. In llama-swap the start of a model stops
 * no group unless its own one is exclusive. Pinned instances run beside all groups.
 */
function bothWays(groups: readonly SwapGroup[]): string {
  const others = groups.flatMap(({ exclusive, persistent, members }) => (exclusive || persistent ? [] : members));
  if (others.length === 0) return '`exclusive` works both ways here: the others stop its members, too';
  const names = others.join(', ');
  return (
    `\`exclusive\` works both ways here: a start of ${names} stops its members, which llama-swap keeps. ` +
    'With `groups.NAME.exclusive: false` all of these may run together'
  );
}

/** @param stopping How `exclusive` differs here, with NAME for the name of the group. */
function counterpart({ swap, exclusive, persistent, members }: SwapGroup, stopping: string): Counterpart {
  const isOneOfMany = swap && members.length > 1;
  if (!isOneOfMany && !exclusive) {
    return persistent
      ? { section: null, isPinned: true, why: 'needs no group here: its members are pinned' }
      : { section: null, isPinned: false, why: 'limits nothing, so its members need no group here' };
  }
  const limits = { ...(isOneOfMany && { max_running: 1 }), ...(exclusive && { exclusive: true }) };
  const difference = exclusive ? `. ${stopping}` : '';
  const where = `belongs into \`groups.NAME\` of the configuration; its members have \`group: NAME\`${difference}`;
  if (!persistent) return { section: limits, isPinned: false, why: where };
  if (!isOneOfMany) return { section: { ...limits, pinned: true }, isPinned: false, why: where };
  // A pinned member would never make room for the next one.
  const unpinned =
    '`persistent` with `swap` has no counterpart: a pinned instance does not stop for others of its group either';
  return { section: limits, isPinned: false, why: `${where}. ${unpinned}` };
}

/** Gives an instance the settings of its group. */
export function joinGroup(settings: PastedSettings, { group, pinned, text }: SwapMembership): void {
  if (group !== undefined) settings.set('group', group, text);
  if (pinned !== undefined) settings.set('pinned', pinned, text);
}
