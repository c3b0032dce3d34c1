import type { InstanceSummary, ParsedSettings } from '@llamactl/client';
import type { Session } from '../command-line.ts';
import type { ForeignStep } from './foreign-import.ts';
import { attempted } from './tried-create.ts';

/** A model of a file, with the aliases that its instance gets. */
interface NamedModel {
  settings?: Pick<ParsedSettings, 'name' | 'aliases'> | undefined;
}

/** An alias that a file gives to another of its models. */
export interface AliasMove {
  alias: string;
  from: InstanceSummary;
  /** The name of the instance that gets it. */
  to: string;
}

/**
 * The aliases that move between models of one file: the instance of one has the alias, and the file gives it to the other.
 * Pure.
 *
 * @param models All that are imported.
 */
export function aliasMoves(models: readonly NamedModel[], existing: readonly InstanceSummary[]): AliasMove[] {
  const wanted = new Map(
    models.flatMap(({ settings }) =>
      settings?.name === undefined ? [] : [[folded(settings.name), settings] as const],
    ),
  );
  return [...wanted.values()].flatMap(({ name = '', aliases = [] }) =>
    aliases.flatMap((alias) => {
      const from = existing.find((each) => each.aliases.includes(alias));
      if (from === undefined || folded(from.name) === folded(name)) return [];
      const own = wanted.get(folded(from.name));
      return own === undefined || own.aliases?.includes(alias) === true ? [] : [{ alias, from, to: name }];
    }),
  );
}

/** Takes the aliases from the instances that have them. @returns why the server refused one, by the instance */
export async function takeAliases(
  { client, signal }: Session,
  moves: readonly AliasMove[],
): Promise<ReadonlyMap<string, string>> {
  const refusals = new Map<string, string>();
  for (const [from, leaving] of Map.groupBy(moves, (move) => move.from)) {
    const aliases = from.aliases.filter((alias) => !leaving.some((move) => move.alias === alias));
    const { error } = await attempted(() => client.updateInstance(from.name, { aliases }, { signal }));
    if (error !== null) refusals.set(from.name, error);
  }
  return refusals;
}

/**
 * Gives aliases back whose new instance could not be made or changed.
 *
 * @returns the steps, which say so
 */
export async function returnAliases(
  { client, signal }: Session,
  moves: readonly AliasMove[],
  steps: readonly ForeignStep[],
): Promise<ForeignStep[]> {
  const failed = new Set(steps.flatMap(({ instance, error }) => (error === null ? [] : [folded(instance ?? '')])));
  const lost = moves.filter(({ to }) => failed.has(folded(to)));
  for (const [{ name }, back] of Map.groupBy(lost, (move) => move.from)) {
    const { aliases } = await client.getInstance(name, { signal });
    const missing = back.map(({ alias }) => alias).filter((alias) => !aliases.includes(alias));
    if (missing.length > 0) await client.updateInstance(name, { aliases: [...aliases, ...missing] }, { signal });
  }
  return steps.map((step) => {
    const back = lost.filter(({ from }) => from.name === step.instance);
    const said = new Set(back.map(movedText));
    return {
      ...step,
      differences: step.differences.filter((each) => !said.has(each)),
      warnings: [...step.warnings, ...back.map(({ alias, to }) => `alias ${alias} stays, because ${to} failed`)],
    };
  });
}

/** A move, as a change of the instance that loses the alias. */
export function movedText({ alias, to }: AliasMove): string {
  return `alias ${alias} goes to ${to}`;
}

function folded(name: string): string {
  return name.toLowerCase();
}
