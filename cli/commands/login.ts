import { Command } from 'commander';
import type { CommandLine } from '../command-line.ts';
import type { AddressFlags } from '../server/server-address.ts';

interface LoginFlags {
  passwordStdin?: boolean;
}

export function loginCommand(commandLine: CommandLine): Command {
  return new Command('login')
    .description('Log in to a server, and make it the current context.')
    .argument('[username]', 'Account (default: ask)')
    .option('--password-stdin', 'Read the password from standard input')
    .addHelpText(
      'after',
      `
The log-in is stored in the context --context NAME, else in the one with this
address, else in a new one with the name of the host.

Examples:
  llamactl login
  llamactl login ann --url https://gpu.example --context gpu
  llamactl login ann --password-stdin < password.txt`,
    )
    .action(
      commandLine.local<LoginFlags>(async (terminal, { words: [username], flags }, command) => {
        const { logIn } = await import('../access/log-in.ts');
        const { surroundings, contexts } = commandLine;
        const { url, context } = command.optsWithGlobals<AddressFlags>();
        await logIn(terminal, {
          ...surroundings,
          contexts,
          flags: { ...(url !== undefined && { url }), ...(context !== undefined && { context }) },
          username: username ?? null,
          isPiped: flags.passwordStdin === true,
          signal: surroundings.interrupted(),
          onAddress: (address) => commandLine.talksTo(address),
        });
      }),
    );
}
