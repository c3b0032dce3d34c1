import type { LogEntry, LogItem, LogLevel, Logs } from '@llamactl/client';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { Action, CommandLine, Session } from '../command-line.ts';
import { momentOf, outputLine, type OutputForm } from '../engine-output.ts';
import { EXIT } from '../exit-status.ts';
import { untilInterrupted, waitingNote } from '../interruption.ts';
import { distinct } from '../instances/many.ts';
import { nearInstance } from '../instances/near-instance.ts';
import { Problem } from '../problem.ts';
import { widthOf } from '../screen/text.ts';

interface LogsFlags {
  follow?: boolean;
  lines?: number | 'all';
  tail?: number | 'all';
  level: LogLevel | 'all';
  since?: string;
  timestamps?: boolean;
  server?: boolean;
}

const LEVELS = ['all', 'debug', 'info', 'warn', 'error'];
/** Limit of one request. */
const MOST_LINES = 10_000;
const DEFAULT_LINES = 100;

export function logsCommand(commandLine: CommandLine): Command {
  return new Command('logs')
    .description('Print the output of instances, running or not. With -f, follow it.')
    .argument('[names...]', 'Instances')
    .option('-f, --follow', 'Follow the output until Ctrl-C, across restarts of the instance and the server')
    .option('-n, --lines <number>', `Number of last lines, or all (default: ${DEFAULT_LINES})`, lineCount)
    .option('--tail <number>', 'Same as --lines', lineCount)
    .addOption(
      new Option('--level <level>', 'Lowest level; details of each request are debug').choices(LEVELS).default('info'),
    )
    .option('--since <time>', 'Only since 10m, 2h or 1d ago, or since 2026-03-01T12:00')
    .option('-t, --timestamps', 'Print the time of each line (UTC)')
    .addOption(
      new Option('--server', 'The log of the server in the background on this machine').conflicts([
        'follow',
        'since',
        'timestamps',
      ]),
    )
    .addHelpText('after', EXAMPLES)
    .action(function (this: Command) {
      return (this.opts<LogsFlags>().server === true ? ofServer(commandLine) : ofInstances(commandLine)).call(this);
    });
}

function ofServer(commandLine: CommandLine): Action {
  return commandLine.local<LogsFlags>(async (terminal, { words, flags: { tail, lines = tail ?? DEFAULT_LINES } }) => {
    if (words.length > 0) throw new Problem('--server takes no instance', EXIT.usage);
    const { printServerLog } = await import('../server/server-log-tail.ts');
    await printServerLog(terminal, commandLine.surroundings, lines);
  });
}

function ofInstances(commandLine: CommandLine): Action {
  return commandLine.online<LogsFlags>(async (session, { words, flags }) => {
    const names = distinct(words);
    if (names.length === 0) {
      throw new Problem('which instance? llamactl ps lists them', EXIT.usage, [
        'the log of the server itself: llamactl logs --server',
      ]);
    }
    const printer = new LogPrinter(session, names, flags.timestamps === true);
    const selection = selectionOf(session, flags);
    if (flags.follow !== true) return printPast(session, printer, names, selection);
    await untilInterrupted(commandLine, session, async () => {
      const open = new Set(names);
      await Promise.all(names.map((name) => follow(session, printer, { name, open }, selection)));
    });
  });
}

/** The selection of lines. */
interface Selection {
  lines: number | 'all';
  level: LogLevel | undefined;
  /** Milliseconds since the epoch; `null`: no lower limit. */
  from: number | null;
}

function selectionOf({ now }: Session, { tail, lines = tail, level, since }: LogsFlags): Selection {
  const from = since === undefined ? null : momentOf(since, now());
  if (since !== undefined && from === null) {
    throw new Problem(`--since ${since}: give an age (10m, 2h, 1d) or a time (2026-03-01T12:00)`, EXIT.usage);
  }
  const isAll = level === 'all';
  return {
    lines: lines ?? (since === undefined ? DEFAULT_LINES : MOST_LINES),
    level: isAll ? undefined : level,
    from,
  };
}

async function printPast(
  session: Session,
  printer: LogPrinter,
  names: readonly string[],
  selection: Selection,
): Promise<void> {
  const logs = await Promise.all(names.map((name) => past(session, name, selection)));
  const all = logs.flatMap((entries, index) => entries.map((entry) => ({ entry, name: names[index] ?? '' })));
  // Each log keeps the order of its lines, even if the clock jumped.
  if (names.length > 1) all.sort((one, other) => Date.parse(one.entry.timestamp) - Date.parse(other.entry.timestamp));
  for (const { entry, name } of all) printer.print(name, entry);
}

async function past(session: Session, name: string, { lines, level, from }: Selection): Promise<LogEntry[]> {
  const { client, terminal, signal } = session;
  if (lines === 0) return [];
  const read =
    lines === 'all' ? wholeLog(session, name, level) : client.getInstanceLogs(name, { lines, level, signal });
  const answer = await read.catch(async (error: unknown) => {
    throw await nearInstance(session, name, error);
  });
  const entries = from === null ? answer.logs : answer.logs.filter(({ timestamp }) => Date.parse(timestamp) >= from);
  if (answer.truncated === true) {
    terminal.note(`llamactl: ${name}: the search for lines of this level ended early; older ones may exist`);
  } else if (entries.length === 0) {
    const rest = level === undefined || level === 'debug' ? '' : `; --level all prints every line`;
    const isWhole = rest === '' && from === null;
    const what = isWhole || (await hasNoOutput(session, name)) ? 'has no output yet' : `has no matching output${rest}`;
    terminal.note(`llamactl: ${name} ${what}`);
  }
  return entries;
}

/**
 * Whether an instance has no output at all, rather than none that passes the filters. It was never started, or its
 * start was refused.
 */
async function hasNoOutput({ client, signal }: Session, name: string): Promise<boolean> {
  return (await client.getInstanceLogs(name, { lines: 1, signal })).logs.length === 0;
}

/** Reads a log from its first line, in as many requests as needed. */
async function wholeLog({ client, signal }: Session, name: string, level: LogLevel | undefined): Promise<Logs> {
  const logs: LogEntry[] = [];
  for (let after = 0; ;) {
    const page = await client.getInstanceLogs(name, { lines: MOST_LINES, level, after_seq: after, signal });
    logs.push(...page.logs);
    const last = page.logs.at(-1);
    if (last === undefined || page.logs.length < MOST_LINES) return { ...page, logs };
    after = last.seq;
  }
}

/** @throws {InvalidArgumentError} for anything else */
function lineCount(text: string): number | 'all' {
  if (text === 'all') return text;
  if (/^\d+$/.test(text) && Number(text) <= MOST_LINES) return Number(text);
  throw new InvalidArgumentError(`Give a whole number from 0 to ${MOST_LINES}, or all.`);
}

/** One of the followed logs, and the names of all logs still followed. */
interface Followed {
  name: string;
  open: Set<string>;
}

async function follow(
  session: Session,
  printer: LogPrinter,
  { name, open }: Followed,
  selection: Selection,
): Promise<void> {
  const { client, terminal, signal } = session;
  const { level, from, lines } = selection;
  const waiting = waitingNote(
    {
      // All streams lose the server together, so only one prints the note.
      note: (text) => (open.values().next().value === name ? terminal.note(text) : undefined),
    },
    { isOpen: true },
  );
  const isWanted = (item: LogItem): boolean => from === null || 'gap' in item || Date.parse(item.timestamp) >= from;
  try {
    const first = lines === 'all' ? { after_seq: 0 } : { lines };
    for await (const item of client.followLogs(name, { ...first, level, signal, ...waiting })) {
      if (isWanted(item)) printer.print(name, item);
    }
  } catch (error) {
    throw await nearInstance(session, name, error);
  }
  open.delete(name);
  terminal.note(`llamactl: ${name} was deleted`);
}

/** Prints lines of one log, or of several, each with the name in front. */
class LogPrinter {
  readonly #session: Session;
  readonly #names: readonly string[];
  readonly #form: OutputForm;
  readonly #width: number;

  constructor(session: Session, names: readonly string[], timestamps: boolean) {
    const { terminal } = session;
    this.#session = session;
    this.#names = names;
    this.#form = { style: terminal.style, timestamps, isForTerminal: terminal.isInteractive };
    this.#width = Math.max(0, ...names.map((name) => widthOf(name)));
  }

  print(name: string, item: LogItem): void {
    const { terminal } = this.#session;
    const isOneOfMany = this.#names.length > 1;
    if (terminal.isJson) return terminal.printJsonLine(isOneOfMany ? { instance: name, ...item } : item);
    if ('gap' in item) {
      const whose = isOneOfMany ? `${name}: ` : '';
      return terminal.warn(`llamactl: ${whose}some lines are missing here: the server no longer keeps them`);
    }
    const prefix = isOneOfMany ? { name, width: this.#width, index: this.#names.indexOf(name) } : null;
    terminal.print(outputLine(item, this.#form, prefix));
  }
}

const EXAMPLES = `
Examples:
  llamactl logs llama -n 20
  llamactl logs -f llama qwen
  llamactl logs llama --level warn --since 1h -t
  llamactl logs llama -n all --level all > engine.log
  llamactl logs --server -n 20
  llamactl logs llama --json | jq -r 'select(.level == "error").message'`;
