import type { CommandLine, Session } from '../command-line.ts';
import { EXIT, type ExitStatus } from '../exit-status.ts';
import { worst } from './many.ts';
import { nearInstance } from './near-instance.ts';

/** Parallel requests. More would use up the caller's rate limit, and be no faster. */
const AT_ONCE = 4;

export interface Read<Result> {
  name: string;
  result: Result;
}

/**
 * Reads something of several instances and returns it in their order. Reports each failure and continues; the exit
 * status is that of the worst failure. With a single name, throws instead.
 */
export async function eachInstance<Result>(
  commandLine: CommandLine,
  session: Session,
  names: readonly string[],
  read: (name: string) => Promise<Result>,
): Promise<Read<Result>[]> {
  const { signal, terminal, address } = session;
  const found: (Read<Result> | null)[] = names.map(() => null);
  const statuses: ExitStatus[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    for (let index = next++; index < names.length; index = next++) {
      const name = names[index] ?? '';
      try {
        found[index] = { name, result: await read(name) };
      } catch (error) {
        const thrown = await nearInstance(session, name, error);
        if (names.length === 1 || signal.aborted) throw thrown;
        const { failureOf } = await import('../failure.ts');
        const { status, lines } = failureOf(thrown, address.token !== null);
        if (status === EXIT.unreachable) throw thrown;
        terminal.warn(`llamactl: ${lines.join(' ')}`);
        statuses.push(status);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, names.length) }, work));
  if (statuses.length > 0) commandLine.endWith(worst(statuses));
  return found.filter((each) => each !== null);
}
