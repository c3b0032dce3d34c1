import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { kindOfArgument, ARGUMENT_KINDS } from './completion/argument-kinds.ts';
import { documentedProgram, helpOf } from './reference.ts';

/** Checks the help of every verb and subcommand for new users. */

const program = await documentedProgram();

interface Documented {
  path: string;
  command: Command;
}

function below(command: Command, path: string): Documented[] {
  const here = path === '' ? command.name() : `${path} ${command.name()}`;
  return [{ path: here, command }, ...command.commands.flatMap((each) => below(each, here))];
}
const everything = program.commands.flatMap((verb) => below(verb, ''));
const visible = everything.filter(({ path }) => path !== 'completion words');

describe.each(visible)('the help of llamactl $path', ({ path, command }) => {
  const help = helpOf(command, true, 80);

  it('describes the command in a sentence', () => {
    expect(command.description()).toMatch(/^[A-Z].*\.$/s);
  });

  it('has examples that can be pasted', () => {
    const [, examples = ''] = help.split('\nExamples:\n');
    const lines = examples.split('\n').filter((line) => line.includes('llamactl'));
    expect(lines.length, help).toBeGreaterThan(0);
    expect(examples).toContain(`llamactl ${path}`);
  });

  it('describes every option and argument', () => {
    const bare = [
      ...command.options.filter(({ description, hidden }) => description === '' && !hidden).map(({ flags }) => flags),
      ...command.registeredArguments.filter(({ description }) => description === '').map((each) => each.name()),
    ];
    expect(bare).toEqual([]);
  });

  it('fits 80 columns', () => {
    expect(help.split('\n').filter((line) => line.length > 80)).toEqual([]);
  });

  it('wraps its descriptions at 40 columns', () => {
    const [described = ''] = helpOf(command, true, 40).split('\nExamples:');
    const options = described.slice(described.indexOf('\nOptions:'), described.indexOf('\nGlobal Options:'));
    // A term that is longer than a line stands alone.
    const isTerm = (line: string): boolean => /^ {2}\S+(?: \S+)*$/.test(line);
    expect(options.split('\n').filter((line) => line.length > 40 && !isTerm(line))).toEqual([]);
  });
});

describe('completion', () => {
  it('knows the kind of every argument', () => {
    const unknown = everything.flatMap(({ path, command }) =>
      command.registeredArguments
        .filter((argument) => kindOfArgument(path, argument) === undefined)
        .map((argument) => `${path} ${argument.name()}`),
    );
    expect(unknown, 'cli/completion/argument-kinds.ts says what they are').toEqual([]);
  });

  it('has no kinds of unknown arguments', () => {
    const known = new Set(
      everything.flatMap(({ path, command }) => command.registeredArguments.map((each) => `${path} ${each.name()}`)),
    );
    expect(Object.keys(ARGUMENT_KINDS).filter((each) => !known.has(each))).toEqual([]);
  });
});
