import type { Session } from '../command-line.ts';
import { EXIT } from '../exit-status.ts';
import { assertFollowed } from '../server/followed-server.ts';
import { Problem } from '../problem.ts';
import { newPassword, passwordOf, pipedLines } from './password.ts';

/**
 * Changes the caller's own password, and logs in again with it.
 *
 * @param isPiped Read both passwords from standard input.
 */
export async function changeOwnPassword(session: Session, isPiped: boolean): Promise<void> {
  const { address, client, terminal, signal } = session;
  assertFollowed(address);
  const [current, next] = isPiped ? await piped(session) : await asked(session);
  const { message } = await client.changePassword({ current_password: current, new_password: next }, { signal });
  const isRenewed = await logInAgain(session, next);
  if (terminal.isJson) return terminal.printJson({ message });
  terminal.note('password changed; your other tokens and your keys are revoked');
  if (!isRenewed) terminal.note('log in again: llamactl login');
}

async function asked({ terminal, signal }: Session): Promise<[string, string]> {
  const current = await passwordOf(terminal, { isPiped: false, question: 'Current password: ', signal });
  return [current, await newPassword(terminal, { isPiped: false, question: 'New password: ', signal })];
}

async function piped({ terminal, signal }: Session): Promise<[string, string]> {
  const [current = '', next = ''] = await pipedLines(terminal, signal);
  if (next !== '') return [current, next];
  throw new Problem('standard input has no second line with the new password', EXIT.usage);
}

/** Logs in again if the context holds the log-in that the password change ended. Returns whether it did. */
async function logInAgain({ client, address, contexts, signal }: Session, password: string): Promise<boolean> {
  const context = address.context === null ? undefined : contexts.find(address.context);
  if (address.context === null || context?.username === undefined || context.token !== address.token) return false;
  const { username } = context;
  const { token } = await client.login({ username, password }, { signal });
  contexts.set(address.context, { ...context, token });
  return true;
}
