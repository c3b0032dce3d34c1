import type { JsonValue } from '@llamactl/contract/request-additions';
import type { DroppedText } from '@llamactl/contract/engine';
import { isRecord } from '@llamactl/contract/record';
import type { SwapGroups, SwapMembership } from './pasted-swap-groups.ts';
import { expandedSets, type ModelSet } from './pasted-swap-sets.ts';

/** The matrix of a llama-swap configuration. */
export interface SwapMatrix {
  /** Its keys: `routing.router.settings.matrix`. */
  place: string;
  value: unknown;
}

/** Most combinations of models that are checked. */
const MOST_COMBINATIONS = 512;
const NO_COUNTERPART =
  '`groups` of the configuration can only limit how many of their members run. ' +
  'Without them, starts stop idle models if the memory is too small; `instances.max_running` limits the number';
const EVICT_COSTS = 'the least recently used instance is stopped first; `pinned: true` keeps an instance';

/** Reads the matrix of a llama-swap configuration. Groups replace it if they allow the same models to run together. */
export function readSwapMatrix({ place, value }: SwapMatrix, models: readonly string[]): SwapGroups {
  const memberships = new Map<string, SwapMembership>();
  const hasCosts = isRecord(value) && value['evict_costs'] !== undefined;
  const costs: DroppedText[] = hasCosts ? [{ text: `${place}.evict_costs`, why: EVICT_COSTS }] : [];
  const without = (why: string): SwapGroups => ({
    memberships,
    configuration: {},
    dropped: [{ text: place, why: `${why}; ${NO_COUNTERPART}` }, ...costs],
  });
  const sets = expandedSets(value, new Set(models));
  if (sets === null) return without('has an invalid set, an unknown model, or too many of them');
  const classes = alternativesOf(sets, models);
  if (typeof classes === 'string') return without(classes);
  const { alone, others } = classes;
  if (others.length === 0) {
    const why = 'one model runs at a time, so `instances.max_running: 1` of the configuration replaces it';
    return { memberships, configuration: { instances: { max_running: 1 } }, dropped: [{ text: place, why }, ...costs] };
  }
  const sections: Record<string, JsonValue> = {};
  const add = (name: string, section: JsonValue, members: readonly string[]): void => {
    sections[name] = section;
    for (const member of members) memberships.set(member, { group: name, text: place });
  };
  const either = others.filter((each) => each.length > 1);
  for (const [at, members] of either.entries()) add(`either-${at + 1}`, { max_running: 1 }, members);
  if (alone.length > 0) add('alone', { max_running: 1, exclusive: true }, alone);
  const names = Object.keys(sections).map((name) => `\`groups.${name}\``);
  const why =
    names.length === 0
      ? 'limits nothing, so it needs no groups here'
      : `${names.join(' and ')} of the configuration let the same models run together`;
  return {
    memberships,
    configuration: names.length === 0 ? {} : { groups: sections },
    dropped: [{ text: place, why }, ...costs],
  };
}

/** Models that run beside no other, and the others by those of which one runs at a time; a text: groups cannot say that. */
function alternativesOf(
  sets: readonly ModelSet[],
  models: readonly string[],
): { alone: string[]; others: string[][] } | string {
  const isTogether = (...some: string[]): boolean => sets.some((set) => some.every((model) => set.has(model)));
  const alone = models.filter((one) => models.every((other) => one === other || !isTogether(one, other)));
  const rest = models.filter((model) => !alone.includes(model));
  const others: string[][] = [];
  for (const model of rest) {
    const own = others.find((members) => members.some((member) => !isTogether(model, member)));
    const friend = own?.find((member) => isTogether(model, member));
    if (own === undefined) others.push([model]);
    else if (friend === undefined) own.push(model);
    else {
      const rival = own.find((member) => !isTogether(model, member));
      return `has no counterpart: ${model} and ${friend} may run together, and neither runs with ${rival}`;
    }
  }
  for (const one of others)
    for (const other of others)
      for (const [first, second] of one === other ? [] : one.flatMap((a) => other.map((b) => [a, b] as const)))
        if (!isTogether(first, second)) return `has no counterpart: no two groups keep ${first} and ${second} apart`;
  if (others.reduce((product, { length }) => product * length, 1) > MOST_COMBINATIONS)
    return 'has too many combinations';
  const combination = missingCombination(others, isTogether);
  return combination === null
    ? { alone, others }
    : `has no counterpart: ${combination.join(', ')} may run in pairs, but not all together`;
}

/** One of each class that no set has; `null`: none. */
function missingCombination(
  classes: readonly (readonly string[])[],
  isTogether: (...models: string[]) => boolean,
): readonly string[] | null {
  const all = classes.reduce<string[][]>(
    (some, members) => some.flatMap((each) => members.map((one) => [...each, one])),
    [[]],
  );
  return all.find((each) => !isTogether(...each)) ?? null;
}
