import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Argument, Command, Option } from 'commander';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bashCompletion } from './bash.ts';
import { completionTree } from './completion-tree.ts';
import { fishCompletion } from './fish.ts';
import { zshCompletion } from './zsh.ts';

/** Tests the scripts in all real shells that are installed. */

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'llamactl-completion-'));
  const script = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion };
  for (const [shell, make] of Object.entries(script))
    writeFileSync(path.join(folder, shell), make(completionTree(program())));
  for (const file of ['model a.gguf', 'notes.txt']) writeFileSync(path.join(folder, file), '');
  // Logs its arguments, and prints two instances.
  const stub = `#!/bin/sh\nprintf '%s\\n' "$*" >> "$0.calls"\nprintf 'qwen\\nllama-8b\\n'\necho noise >&2\n`;
  writeFileSync(path.join(folder, 'llamactl'), stub, { mode: 0o755 });
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A small program with every kind of option and argument. */
function program(): Command {
  const shared = new Command('llamactl')
    .option('--url <url>', 'the server')
    .option('--context <name>', 'a server by its name')
    .option('-q, --quiet', 'less')
    .addOption(new Option('-o, --output <format>', 'form').choices(['json', 'yaml']));
  return shared
    .addCommand(
      new Command('ps')
        .alias('ls')
        .description("List what's there: all of it.")
        .addOption(new Option('--status <status>', 'only these').choices(['running', 'stopped'])),
    )
    .addCommand(new Command('start').argument('<names...>').option('--timeout <seconds>', 'longest wait'))
    .addCommand(
      new Command('create').option('-o, --option <key=value>', 'of the engine').option('--engine <name>', 'engine'),
    )
    .addCommand(new Command('run').argument('<model>').argument('[prompt...]'))
    .addCommand(new Command('apply').argument('<file>'))
    .addCommand(
      new Command('keys')
        .addCommand(new Command('ls').alias('list'))
        .addCommand(new Command('create').argument('<name>').option('--instance <name>', 'only this'))
        .addCommand(new Command('secret').addArgument(new Argument('<kind>')), { hidden: true }),
    )
    .addCommand(new Command('config').addCommand(new Command('set').argument('<settings...>')));
}

interface Shell {
  name: string;
  /** Completes a line with the cursor at its end; one candidate a line. */
  complete: (line: string) => string[];
}

function output(command: string, argv: readonly string[], environment: Record<string, string>): string {
  const env = { PATH: `${folder}:${process.env['PATH'] ?? ''}`, HOME: folder, ...environment };
  const { stdout, stderr, status } = spawnSync(command, argv, { cwd: folder, env, encoding: 'utf8' });
  expect([status, stderr]).toEqual([0, '']);
  return stdout;
}

const BASH = `
source ./bash
COMP_POINT=\${#COMP_LINE}
COMP_WORDS=($COMP_LINE)
_llamactl
printf '%s\\n' "\${COMPREPLY[@]}"
`;

const SHELLS: Shell[] = [
  {
    name: 'bash',
    complete: (line) =>
      output('bash', ['--norc', '-c', BASH], { COMP_LINE: line })
        .split('\n')
        .filter((word) => word !== ''),
  },
  {
    name: 'fish',
    complete: (line) =>
      output('fish', ['--no-config', '-c', 'source ./fish; complete -C $LINE'], { LINE: line })
        .split('\n')
        .flatMap((word) => (word === '' ? [] : [word.split('\t', 1)[0] ?? ''])),
  },
];

const isInstalled = ({ name }: { name: string }): boolean => spawnSync(name, ['--version']).status === 0;

describe.each(SHELLS.filter(isInstalled))('$name', ({ complete }) => {
  const sorted = (line: string): string[] => complete(line).toSorted();

  it.each([
    ['llamactl ', ['apply', 'config', 'create', 'keys', 'ls', 'ps', 'run', 'start']],
    ['llamactl l', ['ls']],
    ['llamactl k', ['keys']],
    ['llamactl -q keys ', ['create', 'list', 'ls']],
    ['llamactl keys l', ['list', 'ls']],
    ['llamactl help s', ['start']],
    ['llamactl keys ls ', []],
    ['llamactl nonsense ', ['apply', 'config', 'create', 'keys', 'ls', 'ps', 'run', 'start']],
  ])('completes %j to a verb: %j', (line, words) => {
    expect(sorted(line)).toEqual(words);
  });

  it.each([
    ['llamactl ls --', ['--context', '--help', '--output', '--quiet', '--status', '--url']],
    ['llamactl keys create --in', ['--instance']],
    ['llamactl ps --status ', ['running', 'stopped']],
    ['llamactl ps --status r', ['running']],
    ['llamactl start --timeout ', []],
    ['llamactl ps -o ', ['json', 'yaml']],
    ['llamactl --output y', ['yaml']],
    ['llamactl create --op', ['--option']],
    ['llamactl create --output ', ['json', 'yaml']],
  ])('completes %j to an option or its value: %j', (line, words) => {
    expect(sorted(line)).toEqual(words);
  });

  it.each([
    ['llamactl start ', ['llama-8b', 'qwen']],
    ['llamactl start qwen l', ['llama-8b']],
    ['llamactl keys create x --instance q', ['qwen']],
    ['llamactl start --timeout 5 q', ['qwen']],
    ['llamactl start -- q', ['qwen']],
    ['llamactl create -o q', ['qwen']],
    ['llamactl create --option q', ['qwen']],
    ['llamactl create --engine l', ['llama-8b']],
    ['llamactl run ', ['llama-8b', 'qwen']],
    ['llamactl keys create ', []],
    ['llamactl run qwen ', []],
  ])('completes %j to an existing name: %j', (line, words) => {
    expect(sorted(line)).toEqual(words);
  });

  it('offers values after an equals sign', () => {
    expect(complete('llamactl ls --status=r').map((word) => word.replace('--status=', ''))).toEqual(['running']);
  });

  it('offers files for file arguments', () => {
    expect(sorted('llamactl apply n')).toEqual(['notes.txt']);
    expect(sorted('llamactl run q')).toEqual(['qwen']);
    expect(sorted('llamactl run n')).toEqual(['notes.txt']);
    expect(sorted('llamactl run ./n')).toEqual(['./notes.txt']);
  });

  it('asks the server that the line names', () => {
    for (const server of ['--context gpu', '--url=http://127.0.0.1:1', '--url http://127.0.0.1:1']) {
      rmSync(path.join(folder, 'llamactl.calls'), { force: true });
      expect(complete(`llamactl ${server} start q`)).toEqual(['qwen']);
      expect(output('cat', ['llamactl.calls'], {})).toBe(`${server} completion words instance\n`);
    }
  });
});

describe('zsh', () => {
  it.skipIf(!isInstalled({ name: 'zsh' }))('accepts its script', () => {
    expect(output('zsh', ['-n', './zsh'], {})).toBe('');
  });

  it('shows the description of each word, with any characters in it', () => {
    const script = zshCompletion(completionTree(program()));
    expect(script).toContain(String.raw`'ps:List what'\''s there\: all of it'`);
    expect(script).toContain("'--status:only these'");
  });
});

describe('a script', () => {
  it('leaves hidden commands out', () => {
    const tree = completionTree(program());
    for (const make of [bashCompletion, zshCompletion, fishCompletion]) expect(make(tree)).not.toContain('secret');
  });
});
