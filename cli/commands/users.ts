import type { Role, UpdateUser } from '@llamactl/client';
import { Command, Option } from 'commander';
import { limitsIn, limitWords, withLimitFlags, type LimitFlags } from '../access/limit-flags.ts';
import { newPassword } from '../access/password.ts';
import type { CommandLine, Session } from '../command-line.ts';
import { EXIT } from '../exit-status.ts';
import { missingName } from '../missing-name.ts';
import { since } from '../../format/figures.ts';
import { Problem } from '../problem.ts';
import { plain } from '../screen/text.ts';

interface CreateFlags extends LimitFlags {
  role: Role;
  passwordStdin?: boolean;
}

interface UpdateFlags extends LimitFlags {
  role?: Role;
  disable?: boolean;
  enable?: boolean;
  password?: boolean;
  passwordStdin?: boolean;
}

const ROLES = ['viewer', 'operator', 'admin'];
const ROLE = 'Role: viewer reads, operator also starts, stops and calls instances, admin does everything';
const PIPED = 'Read the password from standard input';

export function usersCommand(commandLine: CommandLine): Command {
  return new Command('users')
    .description('Manage accounts of people. They take effect when auth.enabled is true.')
    .addHelpText(
      'after',
      `
Examples:
  llamactl users create ann --role operator
  llamactl users ls
  llamactl users update ann --disable
  llamactl users password`,
    )
    .addCommand(listCommand(commandLine))
    .addCommand(createCommand(commandLine))
    .addCommand(updateCommand(commandLine))
    .addCommand(removeCommand(commandLine))
    .addCommand(passwordCommand(commandLine));
}

function listCommand(commandLine: CommandLine): Command {
  return new Command('ls')
    .alias('list')
    .description('List all accounts.')
    .addHelpText('after', '\nExamples:\n  llamactl users ls\n  llamactl users ls --json')
    .action(
      commandLine.online(async ({ client, terminal, signal, now }) => {
        const users = await client.listUsers({ signal });
        if (terminal.isJson) return terminal.printJson(users);
        if (terminal.isQuiet) return users.forEach(({ username }) => terminal.print(username));
        if (users.length === 0)
          return terminal.note('no accounts; to turn them on, set auth.enabled in the configuration');
        const { style } = terminal;
        const isLimited = users.some((user) => limitWords(user) !== '');
        terminal.printTable(
          [
            { title: 'USERNAME', gives: 3, least: 12 },
            { title: 'ROLE' },
            { title: 'STATE' },
            { title: 'LAST LOG-IN', gives: 1 },
            ...(isLimited ? [{ title: 'LIMITS', gives: 2 }] : []),
          ],
          users.map(({ username, role, disabled, last_login_at: login, ...user }) => [
            plain(username),
            role,
            disabled ? { text: 'disabled', style: (text) => style.warning(text) } : 'enabled',
            login === null ? 'never' : `${since(login, now())} ago`,
            ...(isLimited ? [limitWords(user)] : []),
          ]),
        );
      }),
    );
}

function createCommand(commandLine: CommandLine): Command {
  const command = new Command('create')
    .description('Create an account. Prompts twice for its password.')
    .argument('<username>', 'Name of up to 63 letters, digits, dots, underscores, dashes and @')
    .addOption(new Option('--role <role>', ROLE).choices(ROLES).makeOptionMandatory())
    .option('--password-stdin', PIPED);
  return withLimitFlags(command)
    .addHelpText(
      'after',
      `
Examples:
  llamactl users create ann --role operator
  llamactl users create guest --role operator --requests-per-minute 60
  llamactl users create ann --role viewer --password-stdin < ann.txt`,
    )
    .action(
      commandLine.online<CreateFlags>(async ({ client, terminal, signal }, { words: [username = ''], flags }) => {
        const isPiped = flags.passwordStdin === true;
        const password = await newPassword(terminal, {
          isPiped,
          question: `Password for ${plain(username)}: `,
          signal,
        });
        const made = await client.createUser({ username, password, role: flags.role, ...limitsIn(flags) }, { signal });
        if (terminal.isJson) return terminal.printJson(made);
        terminal.print(
          terminal.isQuiet ? made.user.username : `${plain(made.user.username)} created, ${made.user.role}`,
        );
      }),
    );
}

function updateCommand(commandLine: CommandLine): Command {
  const command = new Command('update')
    .description('Change the role, password or limits of an account; disable or enable it.')
    .argument('<username>', 'Account')
    .addOption(new Option('--role <role>', ROLE).choices(ROLES))
    .addOption(new Option('--disable', 'Disable it, and revoke its tokens and keys').conflicts('enable'))
    .option('--enable', 'Enable it again')
    .option('--password', 'Prompt for a new password, and revoke its tokens and keys')
    .option('--password-stdin', 'Read the new password from standard input');
  return withLimitFlags(command)
    .addHelpText(
      'after',
      `
Examples:
  llamactl users update ann --role admin
  llamactl users update ann --disable
  llamactl users update ann --max-in-flight 4 --tokens-per-minute 0
  llamactl users update ann --password`,
    )
    .action(
      commandLine.online<UpdateFlags>(async (session, { words: [username = ''], flags }) => {
        const { client, terminal, signal } = session;
        const {
          role,
          disable = false,
          enable = false,
          password: isAsked = false,
          passwordStdin: isPiped = false,
        } = flags;
        const change: UpdateUser = {
          ...(role !== undefined && { role }),
          ...((disable || enable) && { disabled: disable }),
          ...limitsIn(flags),
        };
        if (isAsked || isPiped) {
          change.password = await newPassword(terminal, {
            isPiped,
            question: `New password for ${plain(username)}: `,
            signal,
          });
        }
        if (Object.keys(change).length === 0) {
          throw new Problem('nothing to change: give --role, --disable, --enable, --password or a limit', EXIT.usage);
        }
        const { user, ...rest } = await client
          .updateUser(username, change, { signal })
          .catch(async (error: unknown) => {
            throw await nearUser(session, username, error);
          });
        if (terminal.isJson) return terminal.printJson({ ...rest, user });
        const state = `${user.role}, ${user.disabled ? 'disabled' : 'enabled'}`;
        terminal.print(terminal.isQuiet ? user.username : `${plain(user.username)} updated: ${state}`);
        if (change.password !== undefined || disable) terminal.note('its tokens and keys are revoked');
      }),
    );
}

function removeCommand(commandLine: CommandLine): Command {
  return new Command('rm')
    .alias('delete')
    .description('Delete accounts and their tokens and keys.')
    .argument('<usernames...>', 'Accounts')
    .addHelpText('after', '\nExamples:\n  llamactl users rm ann\n  llamactl users rm ann bob')
    .action(
      commandLine.online(async (session, { words }) => {
        const { client, terminal, signal } = session;
        const { removeEach } = await import('../access/removal.ts');
        const removals = words.map((username) => ({
          name: username,
          gone: { line: `${plain(username)} deleted`, quiet: username, json: { username, deleted: true } },
          remove: () =>
            client.deleteUser(username, { signal }).catch(async (error: unknown) => {
              throw await nearUser(session, username, error);
            }),
        }));
        commandLine.endWith(await removeEach(terminal, removals));
      }),
    );
}

/** Replaces "account not found" by an error with the nearest name. Returns every other error unchanged. */
async function nearUser({ client, signal }: Session, username: string, error: unknown): Promise<unknown> {
  const { LlamactlError } = await import('@llamactl/client');
  if (!(error instanceof LlamactlError && error.code === 'NOT_FOUND')) return error;
  const names = (await client.listUsers({ signal })).map((user) => user.username);
  return missingName({ kind: 'account', word: plain(username), names, list: 'to list accounts: llamactl users ls' });
}

function passwordCommand(commandLine: CommandLine): Command {
  return new Command('password')
    .description('Change your own password. Revokes all your tokens and keys, and logs you in again here.')
    .option('--password-stdin', 'Read two lines from standard input: the current password, then the new one', false)
    .addHelpText(
      'after',
      `
Examples:
  llamactl users password
  printf '%s\\n' "$OLD" "$NEW" | llamactl users password --password-stdin`,
    )
    .action(
      commandLine.online<{ passwordStdin?: boolean }>(async (session, { flags: { passwordStdin = false } }) => {
        const { changeOwnPassword } = await import('../access/own-password.ts');
        await changeOwnPassword(session, passwordStdin);
      }),
    );
}
