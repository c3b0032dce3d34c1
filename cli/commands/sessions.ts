import type { Session } from '@llamactl/client';
import { Command } from 'commander';
import { lastUse } from '../access/last-use.ts';
import type { CommandLine, Session as CommandSession } from '../command-line.ts';
import { EXIT, type ExitStatus } from '../exit-status.ts';
import { duration, since } from '../../format/figures.ts';
import { worst } from '../instances/many.ts';
import { Problem } from '../problem.ts';
import { plain } from '../screen/text.ts';

export function sessionsCommand(commandLine: CommandLine): Command {
  return new Command('sessions')
    .description('List or end log-ins: your own; as an admin, those of an account.')
    .addHelpText(
      'after',
      '\nExamples:\n  llamactl sessions ls\n  llamactl sessions rm 0f3a9c…\n  llamactl sessions rm --all --user ann',
    )
    .addCommand(listCommand(commandLine))
    .addCommand(removeCommand(commandLine));
}

const USER_FLAG = ['--user <username>', 'As an admin: the log-ins of this account (default: your own)'] as const;

interface ListFlags {
  user?: string;
}

function listCommand(commandLine: CommandLine): Command {
  return new Command('ls')
    .alias('list')
    .description('List your log-ins, newest first; * marks the one that this command uses.')
    .option(...USER_FLAG)
    .addHelpText(
      'after',
      '\nExamples:\n  llamactl sessions ls\n  llamactl sessions ls --user ann\n  llamactl sessions ls --json',
    )
    .action(
      commandLine.online<ListFlags>(async ({ client, terminal, signal, now }, { flags }) => {
        const sessions = await sessionsOf({ client, signal }, flags.user);
        if (terminal.isJson) return terminal.printJson(sessions);
        if (terminal.isQuiet) return sessions.forEach(({ id }) => terminal.print(id));
        terminal.printTable(
          COLUMNS,
          sessions.map((session) => rowOf(session, now())),
        );
      }),
    );
}

const COLUMNS = [
  { title: 'ID' },
  { title: 'LOGGED IN' },
  { title: 'LAST USED' },
  { title: 'BY', gives: 6, least: 12 },
  { title: 'FROM', gives: 2 },
  { title: 'EXPIRES' },
  { title: 'ENDS', gives: 1 },
];

function rowOf(session: Session, now: number): string[] {
  const until = (time: string): string => `in ${duration(Math.max(0, Date.parse(time) - now) / 1_000)}`;
  return [
    `${session.id}${session.current ? ' *' : ''}`,
    `${since(session.created_at, now)} ago`,
    // Older servers do not send it.
    session.last_used_at === undefined ? '-' : lastUse(session.last_used_at, now),
    session.user_agent ?? 'unknown',
    session.address,
    until(session.expires_at),
    until(session.ends_at),
  ].map((text) => plain(text));
}

function sessionsOf(
  { client, signal }: Pick<CommandSession, 'client' | 'signal'>,
  user: string | undefined,
): Promise<Session[]> {
  return user === undefined ? client.listSessions({ signal }) : client.listUserSessions(user, { signal });
}

interface RemoveFlags extends ListFlags {
  all?: boolean;
  others?: boolean;
}

function removeCommand(commandLine: CommandLine): Command {
  return new Command('rm')
    .alias('end')
    .description('End log-ins: revoke their tokens, and close their connections.')
    .argument('[ids...]', 'IDs from llamactl sessions ls')
    .option('--others', 'End all your log-ins but the one that this command uses')
    .option('--all', 'End all log-ins')
    .option(...USER_FLAG)
    .addHelpText(
      'after',
      `
Examples:
  llamactl sessions rm 0f3a9c…
  llamactl sessions rm --others
  llamactl sessions rm --all --user ann`,
    )
    .action(
      commandLine.online<RemoveFlags>(async ({ client, terminal, signal }, { words, flags }) => {
        const { user, all, others: isOthers } = flags;
        refuseContradiction(flags, words);
        const sessions = await sessionsOf({ client, signal }, user);
        const current = sessions.find((session) => session.current)?.id;
        const others = sessions.map(({ id }) => id).filter((id) => id !== current);
        const named = isOthers === true ? others : all === true ? sessions.map(({ id }) => id) : words;
        const { removeEach } = await import('../access/removal.ts');
        let allEnded: Promise<unknown> | null = null;
        const endOne = (id: string): Promise<unknown> => {
          if (user === undefined) return client.endSession(id, { signal });
          if (all !== true) return client.endUserSession(user, id, { signal });
          // One request ends all of them; its outcome is that of each.
          return (allEnded ??= client.endUserSessions(user, { signal }));
        };
        const end = (ids: readonly string[]): Promise<ExitStatus> =>
          removeEach(
            terminal,
            ids.map((id) => ({
              name: id,
              gone: { line: `${plain(id)} ended`, quiet: id, json: { id, ended: true } },
              remove: () => endOne(id),
            })),
          );
        // Ending the other log-ins needs the token of the current one, so end that last.
        const first = await end(named.filter((id) => id !== current));
        const last = await end(named.filter((id) => id === current));
        commandLine.endWith(worst([first, last]));
      }),
    );
}

function refuseContradiction({ user, all, others }: RemoveFlags, ids: readonly string[]): void {
  if (others === true && ids.length > 0) throw new Problem('--others takes no ids', EXIT.usage);
  if (all === true && ids.length > 0) throw new Problem('--all takes no ids', EXIT.usage);
  if (others === true && all === true) throw new Problem('--others and --all cannot be combined', EXIT.usage);
  if (others === true && user !== undefined) throw new Problem('--others is for your own log-ins', EXIT.usage);
  if (others !== true && all !== true && ids.length === 0) {
    throw new Problem('no log-in given: add its id, --others or --all', EXIT.usage, [
      'to list them: llamactl sessions ls',
    ]);
  }
}
