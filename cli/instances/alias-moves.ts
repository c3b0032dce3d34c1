import type { DroppedText, InstanceSummary, ParsedSettings } from '@llamactl/client';
import { shellQuoted } from '../../format/shell-words.ts';
import type { Session } from '../command-line.ts';
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

/** How a person moves an alias from an instance that the import leaves alone. */
export interface ConflictTerms {
  /** The instance that does not get the alias. */
  to: string;
  /** Whether that instance exists after this import. */
  isThere: boolean;
  /** Whether an earlier import of the file made the holder, and the file no longer has its model. */
  isRenamed: boolean;
  /** This import, as a command line. */
  again: string;
}

/** An alias that another instance has, and the commands that move it. Pure. */
export function aliasConflict(
  alias: string,
  { name, aliases }: Pick<InstanceSummary, 'name' | 'aliases'>,
  { to, isThere, isRenamed, again }: ConflictTerms,
): DroppedText {
  const others = aliases.filter((each) => each !== alias);
  const without = others.length === 0 ? ['--unset', 'aliases'] : others.flatMap((each) => ['--alias', each]);
  const command = (...words: string[]): string => ['llamactl', ...words].map(shellQuoted).join(' ');
  const first =
    isRenamed && !isThere
      ? command('rename', name, to)
      : isRenamed || !aliases.includes(alias)
        ? command('rm', name)
        : command('update', name, ...without);
  return {
    text: `aliases: ${alias}`,
    why: `the instance ${name} has this name; to move it: \`${first}\`, then \`${again}\``,
  };
}

function folded(name: string): string {
  return name.toLowerCase();
}
