import type { UsageRow } from '@llamactl/client';
import { Command, Option } from 'commander';
import type { CommandLine } from '../command-line.ts';
import { since, tokenCount } from '../../format/figures.ts';
import { moment } from '../../format/moment.ts';
import type { Column } from '../screen/table.ts';
import { plain } from '../screen/text.ts';

const GROUPS = ['key', 'user', 'instance'] as const;
type Group = (typeof GROUPS)[number];

interface Flags {
  by: Group;
  window: string;
}

export function usageCommand(commandLine: CommandLine): Command {
  return new Command('usage')
    .description('Show requests and tokens by key, account or instance: your own; as an admin, all.')
    .addOption(new Option('--by <kind>', 'What the figures are summed by').choices(GROUPS).default('key'))
    .option('--window <time>', 'How far back: 15m, 24h, 7d; at most 30d', '30d')
    .addHelpText(
      'after',
      `
Examples:
  llamactl usage
  llamactl usage --by user --window 7d
  llamactl usage --json | jq '.usage[] | {name, tokens_out}'`,
    )
    .action(
      commandLine.online<Flags>(async ({ client, terminal, signal, now }, { flags: { by, window } }) => {
        const answer = await client.getUsage({ by, window, signal });
        if (terminal.isJson) return terminal.printJson(answer);
        if (terminal.isQuiet) return answer.usage.forEach((row) => terminal.print(plain(row.id ?? nameOf(row, by))));
        if (answer.usage.length === 0) return terminal.note(nothingUsed(by, answer.since));
        terminal.note(`since ${moment(answer.since)}`);
        terminal.printTable(
          columnsOf(by),
          answer.usage.map((row) => cellsOf(row, by, now())),
        );
      }),
    );
}

/** Requests without an account or key, as all are while accounts are off, are only counted by instance. */
function nothingUsed(by: Group, from: string): string {
  if (by === 'instance') return `no requests since ${moment(from)}`;
  const credentials = by === 'key' ? 'with keys' : 'of accounts';
  return `no requests ${credentials} since ${moment(from)}; to see all requests: llamactl usage --by instance`;
}

function columnsOf(by: Group): Column[] {
  return [
    { title: by === 'key' ? 'NAME' : by.toUpperCase(), gives: 6, least: 12 },
    ...(by === 'key' ? [{ title: 'ID' }, { title: 'OWNER', gives: 4 }] : []),
    { title: 'REQUESTS', align: 'right' },
    { title: 'REFUSED', align: 'right' },
    { title: 'FAILED', align: 'right' },
    { title: 'TOKENS IN', align: 'right' },
    { title: 'TOKENS OUT', align: 'right' },
    { title: 'LAST USED', gives: 1 },
  ];
}

function cellsOf(row: UsageRow, by: Group, now: number): string[] {
  return [
    nameOf(row, by),
    ...(by === 'key' ? [row.id ?? '', row.owner ?? ''] : []),
    String(row.requests),
    String(row.refused),
    String(row.failed),
    tokenCount(row.tokens_in),
    tokenCount(row.tokens_out),
    `${since(row.last_used_at, now)} ago`,
  ].map((text) => plain(text));
}

function nameOf({ name, deleted }: UsageRow, by: Group): string {
  if (name === null) return by === 'instance' ? 'no instance' : 'no account';
  return deleted ? `${name} (deleted)` : name;
}
