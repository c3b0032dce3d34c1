import type { Command, Option } from 'commander';
import { kindOfArgument, kindOfOption } from './argument-kinds.ts';
import type { ValueKind } from './value-kind.ts';

/** A word to complete, with its description. */
export interface Word {
  word: string;
  text: string;
}

/** An option with all its names. */
export interface CompletedOption {
  names: readonly string[];
  text: string;
  /** The kind of its value; `null`: it has none. */
  kind: ValueKind | null;
}

/** A command, reduced to what completion needs. */
export interface CompletedCommand {
  /** Its words without the program's name: `keys rm`; empty: the program. */
  path: string;
  /** Its names within its parent. */
  names: readonly string[];
  text: string;
  subcommands: readonly CompletedCommand[];
  options: readonly CompletedOption[];
  arguments: readonly ValueKind[];
  /** The last argument may be repeated. */
  isVariadic: boolean;
}

/** @param program The whole tree; hidden commands are left out. */
export function completionTree(program: Command): CompletedCommand {
  return completed(program, '');
}

/** A command and all its descendants, itself first. */
export function everyCommand(command: CompletedCommand): CompletedCommand[] {
  return [command, ...command.subcommands.flatMap(everyCommand)];
}

/** The subcommands as words, then their aliases. */
export function subcommandWords({ subcommands }: CompletedCommand): Word[] {
  const words = subcommands.map(({ names: [word = ''], text }) => ({ word, text }));
  const aliases = subcommands.flatMap(({ names: [name = '', ...others] }) =>
    others.map((word) => ({ word, text: `Same as ${name}` })),
  );
  return [...words, ...aliases];
}

/** The options of a command without those of the program, such as --help. */
export function ownOptions({ options }: CompletedCommand, program: CompletedCommand): CompletedOption[] {
  const shared = new Set(optionWords(program.options).map(({ word }) => word));
  return options.filter((option) => !optionWords([option]).some(({ word }) => shared.has(word)));
}

/** The long name of each option, or else its short one. */
export function optionWords(options: readonly CompletedOption[]): Word[] {
  return options.map(({ names, text }) => ({
    word: names.find((name) => name.startsWith('--')) ?? names[0] ?? '',
    text,
  }));
}

function completed(command: Command, path: string): CompletedCommand {
  const help = command.createHelp();
  return {
    path,
    names: [command.name(), ...command.aliases()],
    text: shortened(command.summary() === '' ? command.description() : command.summary()),
    subcommands: help
      .visibleCommands(command)
      .filter((each) => each.name() !== 'help')
      .map((each) => completed(each, path === '' ? each.name() : `${path} ${each.name()}`)),
    options: help.visibleOptions(command).map(completedOption),
    arguments: command.registeredArguments.map((argument) => kindOfArgument(path, argument) ?? 'none'),
    isVariadic: command.registeredArguments.at(-1)?.variadic ?? false,
  };
}

function completedOption(option: Option): CompletedOption {
  const names = [option.short, option.long].filter((name) => name !== undefined);
  return { names, text: shortened(option.description), kind: kindOfOption(option) };
}

/** A description for display beside a word: its first sentence, without parentheses. */
function shortened(text: string): string {
  const [first = ''] = text.split(/\. |; | \(/);
  return first.replace(/\.$/, '');
}
