import { Command } from 'commander';
import type { CommandLine } from '../command-line.ts';
import { EXIT } from '../exit-status.ts';

export function logoutCommand(commandLine: CommandLine): Command {
  return new Command('logout')
    .description('End the log-in of the current context: revoke its token, and remove it from this machine.')
    .addHelpText('after', '\nExamples:\n  llamactl logout\n  llamactl logout --context gpu')
    .action(
      commandLine.online(async ({ address, contexts, terminal, signal }) => {
        const context = address.context === null ? null : contexts.get(address.context);
        if (address.context === null || context?.token === undefined) {
          terminal.note(`not logged in to ${address.url}`);
          return;
        }
        const { revoke } = await import('../access/revoke.ts');
        const outcome = await revoke(context, context.token, signal);
        const { token: _token, username: _username, ...place } = context;
        contexts.set(address.context, place);
        if (outcome.isUnreachable) commandLine.endWith(EXIT.unreachable);
        if (outcome.warning !== null) terminal.warn(`warning: ${outcome.warning}`);
        if (terminal.isJson) terminal.printJson({ context: address.context, revoked: outcome.isRevoked });
        terminal.note(`logged out of ${context.url}; context ${address.context}`);
      }),
    );
}
