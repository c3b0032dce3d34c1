import { Command } from 'commander';
import type { CommandLine } from '../command-line.ts';
import { clockTime } from '../../format/clock-time.ts';
import { positive } from '../instances/setting-flags.ts';
import { plain } from '../screen/text.ts';

interface AuditFlags {
  lines: number;
  subject?: string;
  action?: string;
  target?: string;
  before?: number;
  since?: string;
  until?: string;
  status?: string;
}

export function auditCommand(commandLine: CommandLine): Command {
  return new Command('audit')
    .description(
      'Show who changed what, newest first, including refused requests. With -o wide, old and new values. Entries are kept for 90 days.',
    )
    .option('-n, --lines <count>', 'Number of rows', positive(15), 50)
    .option(
      '--subject <who>',
      'Only actions of this account or key, as shown in WHO: ann, "key:ID (NAME)", - (no account)',
    )
    .option('--action <operation>', 'Only this action, as shown in ACTION: "create instance", login')
    .option('--target <what>', 'Only actions on this instance, account or key')
    .option('--since <time>', 'Only actions since this time: 24h (ago), 2026-01-31, 2026-01-31T12:00:00Z')
    .option('--until <time>', 'Only actions before this time')
    .option('--status <status>', 'Only actions with this status, such as 403, or 4xx')
    .option('--before <seq>', 'Only rows before this seq (see --json)', positive(15))
    .addHelpText(
      'after',
      `
Examples:
  llamactl audit
  llamactl audit --subject ann -n 20
  llamactl audit --action 'delete instance'
  llamactl audit --since 24h --status 4xx
  llamactl audit --target qwen -o wide
  llamactl audit --json -n 1000 | jq '.[].subject'`,
    )
    .action(
      commandLine.online<AuditFlags>(async ({ client, terminal, signal, now }, { flags }) => {
        const [{ actionText, auditRows, callerText, changesText }, { pastDateOf }] = await Promise.all([
          import('../access/audit-rows.ts'),
          import('../access/date-flag.ts'),
        ]);
        const { since, until, ...others } = flags;
        const rows = await auditRows(client, {
          ...others,
          since: since === undefined ? undefined : pastDateOf(since, now()),
          until: until === undefined ? undefined : pastDateOf(until, now()),
          signal,
        });
        if (terminal.isJson) return terminal.printJson(rows);
        if (rows.length === 0) return terminal.note('no matching entries in the last 90 days');
        if (terminal.isQuiet) return rows.forEach(({ seq }) => terminal.print(String(seq)));
        terminal.printTable(
          [
            { title: 'TIME' },
            { title: 'WHO', gives: 4, least: 10 },
            { title: 'ACTION', gives: 3 },
            { title: 'TARGET', gives: 2, least: 8 },
            { title: 'STATUS', align: 'right' },
            { title: 'FROM', gives: 1 },
            ...(terminal.isWide ? [{ title: 'CHANGES' }] : []),
          ],
          rows.map((row) => [
            clockTime(row.timestamp, null),
            plain(callerText(row.subject)),
            plain(actionText(row.action)),
            plain(row.target ?? '-'),
            { text: String(row.status), style: (text) => (row.status >= 400 ? terminal.style.warning(text) : text) },
            plain(row.address),
            ...(terminal.isWide ? [plain(changesText(row)) || '-'] : []),
          ]),
        );
      }),
    );
}
