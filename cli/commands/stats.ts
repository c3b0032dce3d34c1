import type { Instance } from '@llamactl/client';
import { Command } from 'commander';
import type { CommandLine, Session } from '../command-line.ts';
import { count } from '../../format/figures.ts';
import { eachInstance } from '../instances/instance-each.ts';
import { distinct } from '../instances/many.ts';
import { EXIT } from '../exit-status.ts';
import { Problem } from '../problem.ts';
import { nearInstance } from '../instances/near-instance.ts';
import { statsTable } from '../instances/stats-table.ts';
import { untilQuit } from '../screen/quit-key.ts';
import { plain } from '../screen/text.ts';

interface Flags {
  watch?: true;
  window?: string;
}

export function statsCommand(commandLine: CommandLine): Command {
  return new Command('stats')
    .description('Show the resource usage of instances: resident memory, CPU (100 % is one core), threads, GPU memory.')
    .argument('[name...]', 'Only these (default: all with a process)')
    .option('-w, --watch', 'Keep the table up to date until q or Ctrl-C; piped: print a line per measurement')
    .option('--window <time>', 'Show the history of one instance, such as 15m; at most 24h')
    .addHelpText(
      'after',
      `
Examples:
  llamactl stats
  llamactl stats --watch
  llamactl stats llama --window 15m
  llamactl stats --json | jq '.[] | {name, memory: .stats.memory_usage}'`,
    )
    .action(
      commandLine.online<Flags>(async (session, { words, flags }) => {
        if (flags.window !== undefined) return showPast(session, words, flags.window, flags.watch === true);
        await (flags.watch === true ? watch : showPresent)(commandLine, session, words);
      }),
    );
}

/** `stats`, which lives on a terminal as `top` of other programs does. */
export function topCommand(commandLine: CommandLine): Command {
  return new Command('top')
    .description(
      'Watch the resource usage of instances until q or Ctrl-C. Piped, or with --json or -q, prints it once.',
    )
    .argument('[name...]', 'Only these (default: all with a process)')
    .addHelpText('after', '\nExamples:\n  llamactl top\n  llamactl top llama\n  llamactl top | grep llama')
    .action(
      commandLine.online(async (session, { words }) => {
        const { isInteractive, isJson, isQuiet } = session.terminal;
        await (isInteractive && !isJson && !isQuiet ? watch : showPresent)(commandLine, session, words);
      }),
    );
}

function watch(commandLine: CommandLine, session: Session, names: readonly string[]): Promise<void> {
  return untilQuit(commandLine, session, async (quittable) => {
    const { watchStats } = await import('../instances/stats-watch.ts');
    await watchStats(quittable, names);
  });
}

async function showPresent(commandLine: CommandLine, session: Session, names: readonly string[]): Promise<void> {
  const { client, terminal, signal } = session;
  const wanted = names.length > 0 ? distinct(names) : await runningNames(session);
  const read = await eachInstance(commandLine, session, wanted, (name) => client.getInstance(name, { signal }));
  const instances = read.map(({ result }) => result).filter((each) => names.length > 0 || each.stats !== null);
  if (terminal.isJson) return terminal.printJson(instances.map(consumptionOf));
  if (terminal.isQuiet) return instances.forEach(({ name }) => terminal.print(plain(name)));
  if (instances.length === 0) {
    if (wanted.length === 0 || names.length === 0) terminal.note('nothing is running; to list instances: llamactl ps');
    return;
  }
  const { columns, rows } = statsTable(instances.map(consumptionOf), terminal.style);
  terminal.printTable(columns, rows);
}

async function runningNames({ client, signal }: Session): Promise<string[]> {
  const instances = await client.listInstances({ signal });
  return instances.flatMap(({ name, started_at: start }) => (start === null ? [] : [name]));
}

function consumptionOf({ name, status, stats }: Instance): Pick<Instance, 'name' | 'status' | 'stats'> {
  return { name, status, stats };
}

async function showPast(
  session: Session,
  [name, ...others]: readonly string[],
  window: string,
  isWatch: boolean,
): Promise<void> {
  const { client, terminal, signal, now } = session;
  if (name === undefined || others.length > 0) {
    throw new Problem('--window shows the history of one instance: give one name', EXIT.usage);
  }
  if (isWatch) throw new Problem('--window and --watch cannot be combined', EXIT.usage);
  const { historyTable } = await import('../instances/stats-history.ts');
  const history = await client.getInstanceStats(name, { window, signal }).catch(async (error: unknown) => {
    throw await nearInstance(session, name, error);
  });
  if (terminal.isJson) return terminal.printJson(history);
  if (history.points.length === 0) return terminal.note(`${plain(history.name)} did not run in that time`);
  terminal.note(`${plain(history.name)}: ${count(history.points.length, 'step')} of the last ${plain(window)}`);
  const { columns, rows } = historyTable(history, now(), terminal.columns);
  terminal.printTable(columns, rows);
}
