import { Command } from 'commander';
import type { UnknownCommand } from './unknown-verb.ts';

/** Global options that take a value, and may precede the verb. */
const WITH_VALUE = new Set(['--url', '--context']);

/** The words before `--` that are neither options, nor values of the program's own options. */
export function bareWords(words: readonly string[]): string[] {
  const dashes = words.indexOf('--');
  const before = dashes === -1 ? words : words.slice(0, dashes);
  return before.filter((word, index) => !word.startsWith('-') && !WITH_VALUE.has(before[index - 1] ?? ''));
}

/**
 * Rewrites `help keys create` as `keys create --help`, which commander understands.
 *
 * @throws {Problem} for an unknown command: with `--help`, commander would print the help of its parent instead
 */
export async function understood(program: Command, words: readonly string[]): Promise<readonly string[]> {
  const [first, ...others] = bareWords(words);
  if (first === undefined) return words;
  const isHelp = first === 'help';
  const path = isHelp ? others : [first, ...others];
  const unknown = unknownCommand(program, path);
  if (unknown !== null) {
    const { unknownVerb } = await import('./unknown-verb.ts');
    throw await unknownVerb(unknown);
  }
  if (!isHelp || path.length === 0) return words;
  const at = words.indexOf(first);
  return [...words.slice(0, at), ...words.slice(at + 1), '--help'];
}

/** The first unknown word of a path of commands; `null`: all are known, or belong to a command without subcommands. */
function unknownCommand(program: Command, path: readonly string[]): UnknownCommand | null {
  let command = program;
  for (const [index, word] of path.entries()) {
    if (command.commands.length === 0 || command.registeredArguments.length > 0) return null;
    const next = command.commands.find((each) => each.name() === word || each.aliases().includes(word));
    if (next === undefined) return word === 'help' ? null : { path: path.slice(0, index), word, parent: command };
    command = next;
  }
  return null;
}

/** The help command of a program or a command with subcommands. */
export function helpCommand(): Command {
  return new Command('help').argument('[command...]').summary('Show the help of a command');
}
