import type { DroppedText, InstanceSummary } from '@llamactl/client';
import { shellQuoted } from '../../format/shell-words.ts';
import type { AliasMove } from './alias-moves.ts';
import { type ForeignImportOptions, importCommand } from './foreign-import.ts';

/** The server and the file, as far as they decide about aliases. */
export interface AliasTerms extends Omit<ForeignImportOptions, 'isExact' | 'isVerbose'> {
  existing: readonly InstanceSummary[];
  /** The aliases that move between the models of the file. */
  moves: readonly AliasMove[];
  /** The names of the instances of all models of the file. */
  names: ReadonlySet<string | undefined>;
  /** Whether the instance that gets the aliases exists. */
  isThere: boolean;
}

interface SortedAliases {
  /** The aliases that the instance can get. */
  free: string[];
  /** Those that others keep, and why. */
  conflicts: DroppedText[];
}

/** Separates aliases that other instances have. The server would refuse all settings with them. */
export function sortedAliases(
  asked: string,
  aliases: readonly string[],
  { isThere, existing, moves, isUpdate, isDryRun, ...options }: AliasTerms,
): SortedAliases {
  const isMade = isUpdate && !isDryRun;
  const [free, conflicts]: [string[], DroppedText[]] = [[], []];
  for (const alias of aliases) {
    const holder = holderOf(alias, asked, existing);
    const isMoved = moves.some((move) => move.alias === alias && move.to === asked);
    if (holder === null || (isMoved && isMade)) free.push(alias);
    else if (!isMoved) {
      const isRenamed = !options.names.has(holder.name) && options.wasMade(holder.name);
      const terms = {
        to: asked,
        isThere: isThere || !isDryRun,
        isRenamed,
        again: `${importCommand('llama-swap', options)} --update`,
      };
      conflicts.push(aliasConflict(alias, holder, terms));
    } else if (!isUpdate && !isThere)
      conflicts.push({
        text: `aliases: ${alias}`,
        why: `the instance ${holder.name} has this name; --update moves it`,
      });
  }
  return { free, conflicts };
}

/** The other instance that has an alias as its name or alias; `null`: none. */
function holderOf(alias: string, asked: string, existing: readonly InstanceSummary[]): InstanceSummary | null {
  const [name, own] = [alias.toLowerCase(), asked.toLowerCase()];
  const others = existing.filter((each) => each.name.toLowerCase() !== own);
  return others.find((each) => each.name.toLowerCase() === name || each.aliases.includes(alias)) ?? null;
}

/** How a person moves an alias from an instance that the import leaves alone. */
interface ConflictTerms {
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
function aliasConflict(
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
