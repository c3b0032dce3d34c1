import { Command } from 'commander';
import type { CommandLine } from '../command-line.ts';
import type { AddressFlags } from '../server-address.ts';

interface LoginFlags {
  passwordStdin?: boolean;
}

export function loginCommand(commandLine: CommandLine): Command {
  return new Command('login')
    .description('Log in to a server, and talk to it from now on. The log-in is kept under the name of a context.')
    .argument('[username]', 'whose account; asked for when it is left out')
    .option('--password-stdin', 'read the password from standard input')
    .addHelpText(
      'after',
      `
The context is --context NAME, or the one that has this address, or a new one
that is called as the host is.

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
