import type { JsonValue } from '@llamactl/contract/request-additions';
import type { DroppedText } from '@llamactl/contract/engine';
import { isRecord } from '@llamactl/contract/record';
import { z } from 'zod';
import { suggestion } from '../../suggestion.ts';
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
  /** Its own setting or its group pins it, so it never stops when idle. */
  isPinned?: boolean;
  /** The part of the text that says so. */
  text: string;
}

const ONE = 'llama-swap loads one of the models without a group at a time';

/** The models of a llama-swap configuration, by name. */
export interface SwapModels {
  names: readonly string[];
  /** Those that stop when idle. */
  idle: ReadonlySet<string>;
}

/**
 * Reads the groups of a llama-swap configuration. Models in none form a group there with `swap` and `exclusive`; without
 * any groups, one model runs at a time.
 *
 * @param groups `groups` of the configuration.
 */
export function readSwapGroups(groups: unknown, { names: models, idle }: SwapModels): SwapGroups {
  const memberships = new Map<string, SwapMembership>();
  const sections: Record<string, JsonValue> = {};
  const dropped: DroppedText[] = [];
  const given = Object.entries(isRecord(groups) ? groups : {}).map(
    ([name, values]) => [name, SwapGroupSchema.safeParse(values).data] as const,
  );
  const isUnpinned = needsNoPin(
    given.flatMap(([, group]) => (group === undefined ? [] : [group])),
    { names: models, idle },
  );
  const read = isUnpinned ? given.map(([name, group]) => [name, withoutExclusive(group)] as const) : given;
  const stopping = bothWays(read.flatMap(([, group]) => (group === undefined ? [] : [group])));
  for (const [name, group] of read) {
    if (group === undefined) {
      dropped.push({ text: `groups.${name}`, why: 'is not a group of llama-swap with `members`' });
      continue;
    }
    const { section, isPinned, why } = counterpart(group, stopping);
    if (section !== null) sections[name] = section;
    const more = isUnpinned ? (group.persistent ? EXCEPT_IDLE : NO_EXCLUSIVE) : '';
    for (const member of group.members.filter((each) => !models.includes(each)))
      dropped.push({ text: `groups.${name}.members: ${member}`, why: unknownMember(member, models) });
    dropped.push({ text: `groups.${name}`, why: `${why.replaceAll('NAME', () => name)}${more}` });
    for (const member of group.members)
      memberships.set(member, {
        text: `groups.${name}`,
        ...(section !== null && { group: name }),
        ...(isPinned && !(isUnpinned && idle.has(member)) && { pinned: true, isPinned: true }),
        ...(isRecord(section) && section['pinned'] === true && { isPinned: true }),
      });
  }
  const others = models.filter((model) => !memberships.has(model));
  if (memberships.size === 0) {
    return {
      memberships,
      dropped: [...dropped, ...alone(models)],
      configuration: models.length > 1 ? { instances: { max_running: 1 } } : {},
    };
  }
  // One model alone has such a group, too: its start stops the others, and theirs stop it.
  if (others.length > 0) {
    const name = 'default' in sections ? 'without-group' : 'default';
    sections[name] = { max_running: 1, ...(!isUnpinned && { exclusive: true }) };
    const more = isUnpinned ? NO_EXCLUSIVE : `. ${stopping.replaceAll('NAME', name)}`;
    dropped.push({
      text: 'models without a group',
      why: `${ONE}; here they are in the group ${name} of the configuration${more}`,
    });
    for (const model of others) memberships.set(model, { text: 'models without a group', group: name });
  }
  return { memberships, dropped, configuration: Object.keys(sections).length === 0 ? {} : { groups: sections } };
}

function unknownMember(member: string, models: readonly string[]): string {
  const meant = suggestion(member, models);
  return `is no model of this file${meant === null ? '' : `; did you mean \`${meant}\`?`}`;
}

/** Whether an instance of such a group stays while the instances of other groups replace each other. */
function isPersistent({ swap, persistent, members }: SwapGroup): boolean {
  return persistent && !(swap && members.length > 1);
}

/**
 * Whether models of persistent groups can stop when idle, which pinned instances do not. They need no pin if only such
 * models are outside of each exclusive group: then none of the groups has to be exclusive.
 */
function needsNoPin(groups: readonly SwapGroup[], { names, idle }: SwapModels): boolean {
  const persistent = new Set(groups.filter(isPersistent).flatMap(({ members }) => members));
  if (![...persistent].some((member) => idle.has(member))) return false;
  const inGroups = new Set(groups.flatMap(({ members }) => members));
  const exclusive = groups.filter((group) => group.exclusive).map(({ members }) => members);
  const others = names.filter((name) => !inGroups.has(name));
  return [...exclusive, ...(others.length === 0 ? [] : [others])].every((members) =>
    names.every((name) => members.includes(name) || persistent.has(name)),
  );
}

const NO_EXCLUSIVE = '. It needs no `exclusive`: all other models are persistent';
const EXCEPT_IDLE = ', except those with a ttl: they stop when idle, which pinned ones do not';

function withoutExclusive(group: SwapGroup | undefined): SwapGroup | undefined {
  return group === undefined ? undefined : { ...group, exclusive: false };
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
export function joinGroup(settings: PastedSettings, { group, pinned, isPinned, text }: SwapMembership): void {
  if (group !== undefined) settings.set('group', group, text);
  if (pinned !== undefined) settings.set('pinned', pinned, text);
  if (isPinned !== true) return;
  const { name = 'NAME', idleTimeout } = settings;
  const instead =
    group === undefined
      ? `; or \`llamactl update ${name} --no-pinned --idle-timeout ${idleTimeout}\`, and starts of exclusive groups stop it`
      : '';
  settings.neverIdle(`a pinned instance does not stop when idle, and \`persistent\` pins it${instead}`);
}
