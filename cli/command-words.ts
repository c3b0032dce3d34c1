import { Command } from 'commander';
import type { UnknownCommand } from './unknown-verb.ts';

/** Global options that take a value, and may precede the verb. */
const WITH_VALUE = new Set(['--url', '--context', '-o', '--output', '--format']);

/** The words before `--` that are neither options, nor values of the program's own options. */
export function bareWords(words: readonly string[]): string[] {
  const dashes = words.indexOf('--');
  const before = dashes === -1 ? words : words.slice(0, dashes);
  return before.filter((word, index) => !word.startsWith('-') && !WITH_VALUE.has(before[index - 1] ?? ''));
}

/** A command line that commander can parse. */
export interface Understood {
  words: readonly string[];
  /** The last command that the words name; the program itself if they name none. */
  command: Command;
}

/**
 * Rewrites `help keys create` as `keys create --help`, which commander understands.
 *
 * @throws {Problem} for an unknown command: with `--help`, commander would print the help of its parent instead
 */
export async function understood(program: Command, words: readonly string[]): Promise<Understood> {
  const { isHelp, path, unknown, command } = pathOf(program, words);
  if (unknown !== null) {
    const { unknownVerb } = await import('./unknown-verb.ts');
    throw await unknownVerb(unknown);
  }
  if (!isHelp || path.length === 0)
    return { words: withModes(ungrouped(words, program, command), program, command), command };
  const at = words.indexOf('help');
  return { words: [...words.slice(0, at), ...words.slice(at + 1), '--help'], command };
}

/** Writes `ps -aq` as `ps -a -q`. Commander splits a group only if one command has all of its options. */
function ungrouped(words: readonly string[], program: Command, command: Command): string[] {
  const switches = new Set(
    [...program.options, ...command.options]
      .filter(({ required, optional }) => !required && !optional)
      .map(({ short }) => short),
  );
  return words.flatMap((word, index) => {
    const [, letters = ''] = /^-([a-zA-Z]{2,})$/.exec(word) ?? [];
    const options = Array.from(letters, (letter) => `-${letter}`);
    const isGroup = options.length > 0 && options.every((option) => switches.has(option));
    return isGroup && canBeOption(words, index, program, command) ? options : [word];
  });
}

/** Writes `--think` as `--think=true`. Commander would take the next word, such as the name of a model, as its value. */
function withModes(words: readonly string[], program: Command, command: Command): string[] {
  const modes = new Set(command.options.filter(({ optional }) => optional).map(({ long }) => long));
  return words.map((word, index) =>
    modes.has(word) && canBeOption(words, index, program, command) ? `${word}=true` : word,
  );
}

/** Whether the word at an index is no value of an option, and not after `--`. */
function canBeOption(words: readonly string[], index: number, program: Command, command: Command): boolean {
  const dashes = words.indexOf('--');
  return (dashes === -1 || index < dashes) && !takesValue(words[index - 1] ?? '', program, command);
}

/** The commands that a command line names. */
interface CommandPath {
  /** It begins with `help`. */
  isHelp: boolean;
  path: readonly string[];
  /** The first word that is no command, where a command is expected; `null`: none. */
  unknown: UnknownCommand | null;
  /** The last command of the path; the program itself for an empty path. */
  command: Command;
}

function pathOf(program: Command, words: readonly string[]): CommandPath {
  const path: string[] = [];
  let command = program;
  let isHelp = false;
  let isValue = false;
  for (const word of words) {
    if (isValue) isValue = false;
    else if (word === '--' || (command.registeredArguments.length > 0 && subcommand(command, word) === undefined))
      break;
    else if (word.startsWith('-')) {
      // Stop at an unknown option: its value is no unknown command, and commander should complain about the option.
      if (command === program && !isOption(word, program)) break;
      isValue = takesValue(word, program, command);
    } else if (word === 'help' && path.length === 0 && !isHelp) isHelp = true;
    else {
      const next = subcommand(command, word);
      if (next === undefined) {
        const isUnknown = command.commands.length > 0 && word !== 'help';
        return { isHelp, path, command, unknown: isUnknown ? { path, word, parent: command } : null };
      }
      path.push(word);
      command = next;
    }
  }
  return { isHelp, path, command, unknown: null };
}

function subcommand({ commands }: Command, word: string): Command | undefined {
  return commands.find((each) => each.name() === word || each.aliases().includes(word));
}

/** The names of a command and those above it, without the program: `models show`. */
export function pathName(command: Command): string {
  const { parent } = command;
  if (parent === null) return '';
  return `${pathName(parent)} ${command.name()}`.trim();
}

/** Whether the program itself has this option. */
function isOption(word: string, { options }: Command): boolean {
  const [name = ''] = word.split('=');
  return ['-h', '--help', ...options.flatMap(({ short, long }) => [short, long])].includes(name);
}

/** Whether this option takes the next word as its value. */
function takesValue(word: string, program: Command, command: Command): boolean {
  return [...program.options, ...command.options].some(
    ({ short, long, required }) => required && [short, long].includes(word),
  );
}

/** The help command of a program or a command with subcommands. */
export function helpCommand(): Command {
  return new Command('help').argument('[command...]').summary('Show the help of a command');
}
