import type { EngineOption, EngineOptionList } from '@llamactl/client';
import { Command } from 'commander';
import type { CommandLine, Session } from '../command-line.ts';
import { EXIT } from '../exit-status.ts';
import { Problem } from '../problem.ts';
import type { Column } from '../screen/table.ts';
import { plain, roomBeside, wrapped } from '../screen/text.ts';

const COLUMNS: Column[] = [
  { title: 'OPTION', gives: 3, least: 12 },
  { title: 'TYPE' },
  { title: 'DEFAULT', gives: 2, least: 8 },
  { title: 'DESCRIPTION', gives: 1, least: 20 },
];

export function optionsCommand(commandLine: CommandLine): Command {
  return (
    new Command('options')
      .description('Search and explain the options of the installed engine.')
      .argument('[word...]', 'Words of the name or the description (default: list all options)')
      .option('--engine <name>', 'Engine', 'llama_cpp')
      // A word may be a flag of the engine.
      .allowUnknownOption()
      .addHelpText(
        'after',
        `
Examples:
  llamactl options
  llamactl options --ctx-size
  llamactl options cache type
  llamactl options --engine custom`,
      )
      .action(
        commandLine.online<{ engine: string }>(async (session, { words, flags: { engine } }) => {
          const all = await optionsOf(session, engine);
          const found = matchingOptions(all, words);
          if (found.length === 0) throw await unknownOption(words.join(' '), engine, all);
          const { terminal } = session;
          if (terminal.isJson) return terminal.printJson(found);
          if (terminal.isQuiet) return found.forEach(({ key }) => terminal.print(plain(key)));
          if (words.length === 0) return terminal.printTable(COLUMNS, found.map(rowOf));
          for (const [index, option] of found.entries()) {
            if (index > 0) terminal.print('');
            for (const line of explanation(option, session)) terminal.print(line);
          }
        }),
      )
  );
}

/** @throws {Problem} if the engine does not report its options */
async function optionsOf({ client, signal }: Session, engine: string): Promise<EngineOption[]> {
  const { options, problem }: EngineOptionList = await client.getEngineOptions(engine, { signal });
  if (problem !== null) throw new Problem(plain(problem), EXIT.failed);
  return options;
}

/**
 * The options that contain every word, in any spelling: `ctx_size`, `--ctx-size`, `context size`. If the words are
 * exactly the name of an option or a flag, only that option. Without words: all.
 */
function matchingOptions(options: readonly EngineOption[], words: readonly string[]): EngineOption[] {
  const wanted = words.join(' ');
  const exact = options.filter(({ key, flags }) => flags.includes(wanted) || folded(key) === folded(wanted));
  if (exact.length > 0) return exact;
  const parts = folded(wanted).split(' ');
  return options.filter((option) => {
    const text = folded([option.key, ...option.flags, option.description, ...option.variables].join(' '));
    return parts.every((part) => text.includes(part));
  });
}

/** Normalizes spelling, so that `--ctx-size` and `ctx_size` have the same words. */
function folded(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[-_\s]+/g, ' ')
    .trim();
}

async function unknownOption(words: string, engine: string, all: readonly EngineOption[]): Promise<Problem> {
  const { suggestion } = await import('@llamactl/server/suggestion');
  const near = suggestion(
    words,
    all.map(({ key }) => key),
  );
  return new Problem(`${engine} has no option with ${words}`, EXIT.notFound, [
    ...(near === null ? [] : [`Did you mean ${near}?`]),
    'llamactl options lists all options',
  ]);
}

function rowOf({ key, type, default: usual, description }: EngineOption): string[] {
  return [plain(key), type, plain(usual ?? '-'), plain(description)];
}

const INDENT = '  ';

function explanation(option: EngineOption, { terminal: { style, columns } }: Session): string[] {
  const { key, flags, type, choices, default: usual, description, variables, guard } = option;
  const kind = [choices === null ? type : `${type} of ${choices.join(', ')}`, ...(usual ? [`default ${usual}`] : [])];
  const facts: [label: string, text: string][] = [
    ['type', kind.join('; ')],
    ['flags', flags.join(', ')],
    ...(variables.length === 0 ? [] : [['variable', variables.join(', ')] as [string, string]]),
    ...(guard === null ? [] : [[guard.kind, `it ${guard.why}`] as [string, string]]),
  ];
  const width = Math.max(...facts.map(([label]) => label.length));
  const broken = (text: string, taken: number): string[] =>
    columns === Infinity ? [plain(text)] : wrapped(plain(text), roomBeside(taken, columns));
  return [
    style.strong(plain(key)),
    ...broken(description, INDENT.length).map((line) => `${INDENT}${line}`),
    ...facts.flatMap(([label, text]) =>
      broken(text, INDENT.length + width + 2).map(
        (line, index) => `${INDENT}${style.faint((index === 0 ? label : '').padEnd(width))}  ${line}`,
      ),
    ),
  ];
}
