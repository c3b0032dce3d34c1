import { EXIT } from '../exit-status.ts';
import { Problem } from '../problem.ts';
import type { Terminal } from '../screen/terminal.ts';

/** The request of {@link passwordOf} and {@link newPassword}. */
interface PasswordRequest {
  /** `--password-stdin`. */
  isPiped: boolean;
  question: string;
  signal: AbortSignal;
}

/**
 * Asks for a password, or reads the first line of standard input.
 *
 * @throws {Problem} when no person can answer
 */
export async function passwordOf(terminal: Terminal, request: PasswordRequest): Promise<string> {
  if (!request.isPiped) return asked(terminal, request);
  const [password = ''] = await pipedLines(terminal, request.signal);
  return password;
}

/** Like {@link passwordOf}, but asks twice, because the input is hidden. */
export async function newPassword(terminal: Terminal, request: PasswordRequest): Promise<string> {
  const password = await passwordOf(terminal, request);
  if (request.isPiped) return password;
  const again = await asked(terminal, { ...request, question: 'Again: ' });
  if (again !== password) throw new Problem('the two passwords differ; nothing was changed', EXIT.usage);
  return password;
}

/** Splits standard input into lines. A password may contain any character except a line feed. */
export async function pipedLines(terminal: Terminal, signal: AbortSignal): Promise<string[]> {
  return (await terminal.readInput(signal)).split(/\r?\n/);
}

async function asked(terminal: Terminal, { question, signal }: PasswordRequest): Promise<string> {
  if (terminal.canAsk) return terminal.askSecret(question, signal);
  throw new Problem('cannot ask for the password without a terminal', EXIT.usage, [
    'pipe it in, with --password-stdin',
  ]);
}
