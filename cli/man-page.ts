import type { Command, Option } from 'commander';
import { documentedCommands, documentedProgram } from './reference.ts';

const ENVIRONMENT: readonly (readonly [name: string, text: string])[] = [
  ['LLAMACTL_URL', 'The server.'],
  ['LLAMACTL_CONTEXT', 'The server, by the name of its context.'],
  ['LLAMACTL_TOKEN', 'A token or key, used instead of that of the context.'],
  ['LLAMACTL_DATA_DIR', 'Data directory of the server of this machine.'],
  ['NO_COLOR', 'Never use colours.'],
];

/** Writes the manual page of the program, for man(1). Without a date, so that it changes only with the verbs. */
export async function manPage(version: string): Promise<string> {
  const program = await documentedProgram();
  const verbs = documentedCommands(program);
  return [
    '.\\" Generated from the verbs by `npm run generate`.',
    `.TH LLAMACTL 1 "" "llamactl ${version}" "User Commands"`,
    '.SH NAME',
    'llamactl \\- control plane for local LLM inference',
    '.SH SYNOPSIS',
    '.B llamactl',
    '[\\fIoptions\\fR] \\fIcommand\\fR',
    '.SH DESCRIPTION',
    escaped(program.description()),
    '.SH OPTIONS',
    ...program.createHelp().visibleOptions(program).flatMap(optionLines),
    '.SH COMMANDS',
    ...verbs.flatMap(({ words, command }) => commandLines(words, command)),
    '.SH ENVIRONMENT',
    ...ENVIRONMENT.flatMap(([name, text]) => ['.TP', `.B ${escaped(name)}`, escaped(text)]),
    '.SH SEE ALSO',
    'The documentation of a running server is at /docs.',
    '',
  ].join('\n');
}

function commandLines(words: string, command: Command): string[] {
  const help = command.createHelp();
  const options = help.visibleOptions(command).filter(({ long }) => long !== '--help');
  const summary = command.aliases().length === 0 ? '' : ` Also: ${command.aliases().join(', ')}.`;
  return [
    `.SS ${escaped(words)}`,
    `.B llamactl ${escaped(words)}`,
    escaped(command.usage()),
    '.PP',
    escaped(`${command.description()}${summary}`),
    ...command.registeredArguments.flatMap((argument) => [
      '.TP',
      `.I ${escaped(argument.name())}`,
      escaped(help.argumentDescription(argument)),
    ]),
    ...options.flatMap(optionLines),
  ];
}

function optionLines(option: Option): string[] {
  const text = escaped(option.description);
  const choices = option.argChoices === undefined ? '' : ` One of ${escaped(option.argChoices.join(', '))}.`;
  return ['.TP', `.B ${escaped(option.flags)}`, `${text}.${choices}`];
}

/** Escapes text for roff: a backslash, a dash, and a dot or quote at the start of a line. Terminals may lack an ellipsis. */
function escaped(text: string): string {
  return text
    .replaceAll('\\', String.raw`\e`)
    .replaceAll('…', '...')
    .replaceAll('-', String.raw`\-`)
    .replaceAll(/\s*\n\s*/g, ' ')
    .replace(/^([.'])/, String.raw`\&$1`);
}
