import type { Session } from './command-line.ts';
import { EXIT } from './exit-status.ts';
import { Problem } from './problem.ts';

/**
 * What to throw instead of an error: that there is no such instance is said with the name that was probably meant. All
 * other errors stay what they are.
 *
 * @param name What was asked for.
 */
export async function nearInstance(session: Session, name: string, error: unknown): Promise<unknown> {
  const { LlamactlError } = await import('@llamactl/client');
  if (!(error instanceof LlamactlError && error.code === 'INSTANCE_NOT_FOUND')) return error;
  const { client, signal } = session;
  const names = (await client.listInstances({ signal })).map((each) => each.name);
  return new Problem(`there is no instance ${name}; ${await counsel(name, names)}`, EXIT.notFound);
}

/** What would help whoever asked for a name that is not among these. */
export async function counsel(unknown: string, names: readonly string[]): Promise<string> {
  const near = await nearName(unknown, names);
  return near === null ? 'llamactl ps lists them' : `did you mean ${near}?`;
}

/** The name that was probably meant by an unknown one; `null`: none is near. */
export async function nearName(unknown: string, names: readonly string[]): Promise<string | null> {
  const { suggestion } = await import('@llamactl/server/suggestion');
  return suggestion(unknown, names);
}
