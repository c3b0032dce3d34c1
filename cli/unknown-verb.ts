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
 * Verbs of similar programs, and the commands of this one that do the same. They are tried before any guess about the
 * spelling, because `chat` resembles `create`.
 */
const OTHER_WORDS: Readonly<Record<string, string>> = {
  ...same('llamactl pull REFERENCE', 'download', 'fetch'),
  ...same('llamactl models search WORDS', 'search', 'find'),
  ...same('llamactl models quants REFERENCE', 'quants'),
  ...same('llamactl models downloads', 'downloads'),
  ...same('llamactl export FILE for instances; models are files, which you copy', 'push'),
  ...same('llamactl ps for instances; llamactl models for model files', 'list', 'images'),
  ...same('llamactl create NAME --model FILE', 'new', 'add', 'make'),
  ...same('llamactl show NAME for an instance; llamactl status for the server', 'info'),
  ...same('llamactl up; llamactl service install starts it with the machine', 'daemon'),
  ...same('/v1/embeddings and /v1/completions of the server; llamactl status prints its address', 'embed', 'generate'),
  ...same(
    'llamactl status for the address, which is the web page in a browser; its path /docs is the API reference',
    'ui',
    'web',
    'open',
    'dashboard',
  ),
  ...same('git pull or your package manager, then llamactl reload', 'upgrade'),
  ...same('llamactl quickstart, which gets an engine and a model; llamactl service install for the service', 'install'),
  ...same('llamactl quickstart', 'init', 'setup'),
  ...same('llamactl down for the server; llamactl stop NAME for an instance', 'exit', 'quit', 'shutdown'),
  ...same('llamactl run NAME', 'chat'),
  ...same('llamactl run NAME --verbose (prints tokens per second)', 'bench'),
  ...same('llamactl start NAME', 'load', 'unpause', 'resume'),
  ...same('llamactl start NAME for an instance; docs/how-to/clients.md has the settings of programs', 'launch'),
  ...same('no account is needed to pull models; llamactl login is for a server with accounts', 'signin', 'signout'),
  ...same('the same commands without the word ollama; docs/how-to/from-ollama.md compares them', 'ollama'),
  ...same('llamactl stop NAME', 'unload', 'pause'),
  ...same('llamactl stop NAME --force', 'kill'),
  ...same('llamactl show NAME', 'describe'),
  ...same('llamactl ps for instances; llamactl show NAME for one', 'get'),
  ...same('llamactl ps --watch', 'watch'),
  ...same('llamactl context show', 'whoami'),
  ...same('llamactl config show for the server; llamactl show NAME for an instance', 'env', 'settings'),
  ...same(
    'llamactl service uninstall for the service; llamactl rm NAME for an instance; docs/install.md says how to remove llamactl',
    'uninstall',
  ),
  ...same('llamactl run NAME QUESTION', 'ask', 'prompt'),
  ...same('llamactl update NAME', 'configure', 'patch'),
  ...same('llamactl update NAME --alias NEW', 'tag'),
  ...same('llamactl rename NAME NEW', 'mv', 'move'),
  ...same('llamactl cp NAME NEW', 'copy', 'clone'),
  ...same('llamactl logs -f NAME', 'tail'),
  ...same('llamactl rm NAME', 'prune', 'purge', 'remove', 'del'),
  ...same('llamactl models rm MODEL', 'rmi'),
  ...same('llamactl help COMMAND', 'man'),
  ...same(
    'llamactl service install starts the server with the machine; llamactl update NAME --auto-start an instance with the server',
    'enable',
    'autostart',
  ),
  ...same(
    'llamactl service uninstall for the service; llamactl update NAME --no-auto-start for an instance',
    'disable',
  ),
  ...same('llamactl status for the machine; llamactl stats for instances', 'gpu', 'gpus', 'nvidia-smi', 'memory'),
  ...same(
    'a deleted instance is gone: make it again, with llamactl apply FILE if llamactl export wrote one; llamactl restore takes back a backup',
    'undo',
    'undelete',
    'trash',
  ),
  ...same('llamactl events for instances; llamactl audit for changes by users; llamactl requests', 'history'),
  ...same('llamactl up starts the server, llamactl down stops it, llamactl status shows it', 'server'),
};

/** The same for commands below a verb. */
const OTHER_SUBCOMMANDS: Readonly<Record<string, string>> = {
  ...same('llamactl users create NAME', 'users add', 'users new'),
  ...same('llamactl users password', 'users passwd'),
  ...same('llamactl keys create NAME', 'keys add', 'keys new'),
  ...same('llamactl config show', 'config view', 'config list', 'config ls', 'config cat'),
  ...same('llamactl config set KEY=VALUE; llamactl config path prints the file', 'config edit', 'config open'),
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
  const other = instead([...path, word].join(' '));
  const meant = other === undefined ? suggestions(word, known).filter((each) => beginsAlike(each, word)) : [];
  // Suggest words of other programs only if no verb here is similar, and as a question. There are many of them, so a
  // short word may resemble one by chance: require the same first letter.
  const others = Object.keys(OTHER_WORDS).filter((each) => each[0] === word[0]);
  const [near = ''] = isVerb && other === undefined && meant.length === 0 ? suggestions(word, others) : [];
  return new Problem(`unknown command '${plain([...path, word].join(' '))}'`, EXIT.usage, [
    ...(other === undefined ? [] : [`use: ${other}`]),
    ...(near === '' ? [] : [`Did you mean ${near}? use: ${OTHER_WORDS[near] ?? ''}`]),
    ...(meant.length === 0 ? [] : [`Did you mean ${listed(path, meant)}?`]),
    isVerb ? 'llamactl help lists all commands' : `llamactl help ${path.join(' ')} lists its commands`,
  ]);
}

/**
 * Whether two words begin with the same letter, or differ only in their first two. Short words may resemble each other by
 * chance, such as `bogus` and `logs`.
 */
function beginsAlike(known: string, word: string): boolean {
  return known[0] === word[0] || known.slice(2) === word.slice(2) || known.slice(1) === word || known === word.slice(1);
}

/** The command that does what the words mean in another program. */
function instead(words: string): string | undefined {
  return [OTHER_WORDS, OTHER_SUBCOMMANDS].find((all) => Object.hasOwn(all, words))?.[words];
}

/** Lists two equally similar words. Of more than two, lists only the first, which is the best guess. */
function listed(path: readonly string[], meant: readonly string[]): string {
  return (meant.length > 2 ? meant.slice(0, 1) : meant).map((word) => [...path, word].join(' ')).join(' or ');
}
