import { EXIT } from '../exit-status.ts';
import { Problem } from '../problem.ts';
import type { Terminal } from '../terminal.ts';

/** Of {@link passwordOf} and {@link newPassword}: from where, and for whom. */
interface PasswordRequest {
  /** `--password-stdin`. */
  isPiped: boolean;
  question: string;
  signal: AbortSignal;
}

/** A password: asked for, or what is piped in without the line feed at its end. @throws {Problem} when nobody can be asked */
export async function passwordOf(terminal: Terminal, request: PasswordRequest): Promise<string> {
  if (!request.isPiped) return asked(terminal, request);
  const [password = ''] = await pipedLines(terminal, request.signal);
  return password;
}

/** One that does not exist yet, and is asked for twice: what is typed is not seen. */
export async function newPassword(terminal: Terminal, request: PasswordRequest): Promise<string> {
  const password = await passwordOf(terminal, request);
  if (request.isPiped) return password;
  const again = await asked(terminal, { ...request, question: 'Again: ' });
  if (again !== password) throw new Problem('the two are not the same; nothing was changed', EXIT.usage);
  return password;
}

/** The lines of standard input; passwords may hold everything but a line feed. */
export async function pipedLines(terminal: Terminal, signal: AbortSignal): Promise<string[]> {
  return (await terminal.readInput(signal)).split(/\r?\n/);
}

async function asked(terminal: Terminal, { question, signal }: PasswordRequest): Promise<string> {
  if (terminal.canAsk) return terminal.askSecret(question, signal);
  throw new Problem('nobody can be asked for the password here', EXIT.usage, ['pipe it in, with --password-stdin']);
}
