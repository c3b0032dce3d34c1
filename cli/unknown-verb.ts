import type { Command } from 'commander';
import { EXIT } from './exit-status.ts';
import { Problem } from './problem.ts';
import { plain } from './screen/text.ts';

/** A word that is no command. */
export interface UnknownCommand {
  /** The commands before it. */
  path: readonly string[];
  word: string;
  /** The command that has no such subcommand. */
  parent: Command;
}

/**
 * Verbs of similar programs, and the commands of this one that do the same. Before any guess about the spelling: `chat`
 * resembles `create`.
 */
const OTHER_WORDS: Readonly<Record<string, string>> = {
  // Models are not downloaded by name in this version.
  ...same('llamactl run FILE, with a .gguf file that you downloaded', 'pull', 'download'),
  ...same('llamactl ps', 'list', 'images'),
  ...same('llamactl run NAME', 'chat'),
  ...same('llamactl run NAME --verbose (prints tokens per second)', 'bench'),
  ...same('llamactl start NAME', 'load'),
  ...same('llamactl stop NAME', 'unload', 'pause'),
  ...same('llamactl stop NAME --force', 'kill'),
  ...same('llamactl show NAME', 'describe', 'get'),
  ...same('llamactl update NAME', 'configure', 'patch'),
  ...same('llamactl update NAME --alias NEW', 'tag'),
  ...same('llamactl rename NAME NEW', 'mv', 'move'),
  ...same('llamactl cp NAME NEW', 'copy', 'clone'),
  ...same('llamactl logs -f NAME', 'tail'),
  ...same('llamactl rm NAME', 'prune', 'purge', 'rmi'),
  ...same('llamactl help COMMAND', 'man'),
};

function same(instead: string, ...words: readonly string[]): Record<string, string> {
  return Object.fromEntries(words.map((word) => [word, instead]));
}

/** The error for a word that is no command, with the one that was probably meant. */
export async function unknownVerb({ path, word, parent }: UnknownCommand): Promise<Problem> {
  const { suggestions } = await import('@llamactl/server/suggestion');
  const known = parent
    .createHelp()
    .visibleCommands(parent)
    .flatMap((command) => [command.name(), ...command.aliases()]);
  const isVerb = path.length === 0;
  const near = isVerb && Object.hasOwn(OTHER_WORDS, word) ? [word] : suggestions(word, known);
  // The words of other programs only if no verb of this one is similar.
  const meant = near.length > 0 || !isVerb ? near : suggestions(word, Object.keys(OTHER_WORDS)).slice(0, 1);
  const other = isVerb ? OTHER_WORDS[meant[0] ?? ''] : undefined;
  return new Problem(`unknown command '${plain([...path, word].join(' '))}'`, EXIT.usage, [
    ...(meant.length === 0 ? [] : [other === undefined ? `Did you mean ${listed(path, meant)}?` : `use: ${other}`]),
    isVerb ? 'llamactl help lists all commands' : `llamactl help ${path.join(' ')} lists its commands`,
  ]);
}

/** Two equally similar words are a question; of more, the first is the best guess. */
function listed(path: readonly string[], meant: readonly string[]): string {
  return (meant.length > 2 ? meant.slice(0, 1) : meant).map((word) => [...path, word].join(' ')).join(' or ');
}
