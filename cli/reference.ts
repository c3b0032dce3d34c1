import type { Command } from 'commander';
import { CommandLine } from './command-line.ts';
import { untaggedNames, VERBS } from './verbs.ts';

const REFERENCE = /(<!-- commands: generated -->\n)[^]*(<!-- end -->)/;
/** Width of the help texts on the page. */
const WIDTH = 100;

/**
 * Inserts the help of every verb between the marks of a page.
 *
 * @param page The current docs/cli.md.
 */
export async function withReference(page: string): Promise<string> {
  if (!REFERENCE.test(page)) throw new Error('docs/cli.md has lost the marks around its reference');
  const program = await documentedProgram();
  return page.replace(REFERENCE, (_, begin: string, end: string) => `${begin}\n${referenceOf(program)}\n\n${end}`);
}

/** The command tree of a program that never runs. */
export async function documentedProgram(): Promise<Command> {
  const never = (): never => {
    throw new Error('this program is not run');
  };
  const { stdin, stdout, stderr } = process;
  const streams = { stdin, stdout, stderr };
  const parts = {
    streams,
    environment: {},
    home: '/',
    now: never,
    interrupted: never,
    every: never,
    outliveReaders: never,
  };
  return new CommandLine(parts, VERBS, untaggedNames).program();
}

/** The help of a command, with its examples, for a terminal of this width. */
export function helpOf(command: Command, hasGlobalOptions: boolean, columns: number): string {
  let text = '';
  const write = (piece: string): void => void (text += piece);
  command
    .configureHelp({ ...command.configureHelp(), showGlobalOptions: hasGlobalOptions, helpWidth: columns })
    .configureOutput({ writeOut: write, getOutHasColors: () => false });
  command.outputHelp();
  return text.trim();
}

/** Every visible verb and subcommand, with its words: `keys rm`. */
export function documentedCommands(program: Command): { words: string; command: Command }[] {
  return program.commands.flatMap((verb) => [
    { words: verb.name(), command: verb },
    ...visible(verb).map((command) => ({ words: `${verb.name()} ${command.name()}`, command })),
  ]);
}

function referenceOf(program: Command): string {
  const sections = documentedCommands(program).map(({ words, command }) =>
    section(`${words.includes(' ') ? '####' : '###'} llamactl ${words}`, command),
  );
  return [section('### Options of every command', program), ...sections].join('\n\n');
}

function visible(command: Command): Command[] {
  return command
    .createHelp()
    .visibleCommands(command)
    .filter((each) => each.name() !== 'help');
}

function section(title: string, command: Command): string {
  return `${title}\n\n\`\`\`text\n${helpOf(command, false, WIDTH)}\n\`\`\``;
}
