import type { Session } from '@llamactl/client';
import { Command } from 'commander';
import type { CommandLine } from '../command-line.ts';
import { EXIT, type ExitStatus } from '../exit-status.ts';
import { duration, since } from '../../format/figures.ts';
import { worst } from '../instances/many.ts';
import { Problem } from '../problem.ts';
import { plain } from '../screen/text.ts';

export function sessionsCommand(commandLine: CommandLine): Command {
  return new Command('sessions')
    .description('List or end your log-ins.')
    .addHelpText('after', '\nExamples:\n  llamactl sessions ls\n  llamactl sessions rm 0f3a9c…')
    .addCommand(listCommand(commandLine))
    .addCommand(removeCommand(commandLine));
}

function listCommand(commandLine: CommandLine): Command {
  return new Command('ls')
    .alias('list')
    .description('List your log-ins, newest first; * marks the one that this command uses.')
    .addHelpText('after', '\nExamples:\n  llamactl sessions ls\n  llamactl sessions ls --json')
    .action(
      commandLine.online(async ({ client, terminal, signal, now }) => {
        const sessions = await client.listSessions({ signal });
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
  { title: 'LAST USED BY', gives: 6, least: 12 },
  { title: 'FROM', gives: 2 },
  { title: 'EXPIRES' },
  { title: 'ENDS', gives: 1 },
];

function rowOf(session: Session, now: number): string[] {
  const until = (time: string): string => `in ${duration(Math.max(0, Date.parse(time) - now) / 1_000)}`;
  return [
    `${session.id}${session.current ? ' *' : ''}`,
    `${since(session.created_at, now)} ago`,
    session.user_agent ?? 'unknown',
    session.address,
    until(session.expires_at),
    until(session.ends_at),
  ].map((text) => plain(text));
}

interface RemoveFlags {
  others?: boolean;
}

function removeCommand(commandLine: CommandLine): Command {
  return new Command('rm')
    .alias('end')
    .description('End log-ins: revoke their tokens, and close their connections.')
    .argument('[ids...]', 'IDs from llamactl sessions ls')
    .option('--others', 'End all your log-ins but the one that this command uses')
    .addHelpText('after', '\nExamples:\n  llamactl sessions rm 0f3a9c…\n  llamactl sessions rm --others')
    .action(
      commandLine.online<RemoveFlags>(async ({ client, terminal, signal }, { words, flags }) => {
        if (flags.others === true && words.length > 0) throw new Problem('--others takes no ids', EXIT.usage);
        if (flags.others !== true && words.length === 0) {
          throw new Problem('no log-in given: add its id, or --others', EXIT.usage, [
            'to list them: llamactl sessions ls',
          ]);
        }
        const sessions = await client.listSessions({ signal });
        const current = sessions.find((session) => session.current)?.id;
        const others = sessions.map(({ id }) => id).filter((id) => id !== current);
        const named = flags.others === true ? others : words;
        const { removeEach } = await import('../access/removal.ts');
        const end = (ids: readonly string[]): Promise<ExitStatus> =>
          removeEach(
            terminal,
            ids.map((id) => ({
              name: id,
              gone: { line: `${plain(id)} ended`, quiet: id, json: { id, ended: true } },
              remove: () => client.endSession(id, { signal }),
            })),
          );
        // Ending the other log-ins needs the token of the current one, so end that last.
        const first = await end(named.filter((id) => id !== current));
        const last = await end(named.filter((id) => id === current));
        commandLine.endWith(worst([first, last]));
      }),
    );
}
