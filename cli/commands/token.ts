import { Command } from 'commander';
import type { CommandLine } from '../command-line.ts';
import { EXIT } from '../exit-status.ts';
import { Problem } from '../problem.ts';

export function tokenCommand(commandLine: CommandLine): Command {
  return new Command('token')
    .description('Print the token of the log-in, for scripts. It is renewed once half of its lifetime is over.')
    .addHelpText(
      'after',
      `
Examples:
  curl -H "Authorization: Bearer $(llamactl token)" http://127.0.0.1:8080/api/me
  LLAMACTL_TOKEN=$(llamactl token --context gpu) ./report.py`,
    )
    .action(
      commandLine.online(async ({ address, terminal, now, freshToken }) => {
        const token = await freshToken();
        if (token === null) {
          throw new Problem(`not logged in to ${address.url}`, EXIT.notAllowed, ['log in: llamactl login']);
        }
        const { tokenLife } = await import('../access/token-life.ts');
        const life = tokenLife(token);
        if (life !== null && life.until <= now()) {
          throw new Problem('the log-in has expired', EXIT.notAllowed, ['log in again: llamactl login']);
        }
        const expires = life === null ? null : new Date(life.until).toISOString();
        if (terminal.isJson) terminal.printJson({ token, expires_at: expires });
        else terminal.print(token);
      }),
    );
}
