import { everyCommand, type CompletedCommand } from './completion-tree.ts';
import type { ValueKind } from './value-kind.ts';

/** The decision tables of all shells' scripts. A path is that of a command; the path of the program is empty. */
export interface CompletionCases {
  /** The words that lead from a command to a subcommand. */
  steps: readonly { path: string; words: readonly string[]; next: string }[];
  /** Options with a value; path `null`: valid for every command. */
  values: readonly { path: string | null; names: readonly string[]; kind: string }[];
  /** The arguments of a command by position; the last may be repeated if it is variadic. */
  places: readonly { path: string; kinds: readonly string[]; isVariadic: boolean }[];
}

export function completionCases(program: CompletedCommand): CompletionCases {
  const commands = everyCommand(program);
  const values = ({ options }: CompletedCommand): { names: readonly string[]; kind: string }[] =>
    options.flatMap(({ names, kind }) => (kind === null ? [] : [{ names, kind: kindText(kind) }]));
  return {
    steps: commands.flatMap(({ path, subcommands }) =>
      subcommands.map(({ names, path: next }) => ({ path, words: names, next })),
    ),
    values: [
      // Options of commands come first, because a command may have another `-o` than the program.
      ...commands.slice(1).flatMap((command) => values(command).map((each) => ({ path: command.path, ...each }))),
      ...values(program).map((each) => ({ path: null, ...each })),
    ],
    places: commands
      .filter((command) => command.arguments.length > 0)
      .map(({ path, arguments: kinds, isVariadic }) => ({ path, kinds: kinds.map(kindText), isVariadic })),
  };
}

/** A kind as a word in a script, followed by its choices. */
function kindText(kind: ValueKind): string {
  if (typeof kind === 'object') return ['choice', ...kind.choices].join(' ');
  return kind === 'model or file' ? 'model-or-file' : kind;
}
