import type { Session } from '../command-line.ts';
import type { WordKind } from './value-kind.ts';

/** Seconds: short, because a person waits after pressing a key. */
const TIMEOUT = 1;

/** The current words of a kind, as they are typed. */
export async function wordsOf(kind: WordKind, { client, contexts, signal }: Session): Promise<string[]> {
  const call = { signal, timeout: TIMEOUT, retries: 0 };
  switch (kind) {
    case 'instance':
      return (await client.listInstances(call)).map(({ name }) => name);
    case 'context':
      return contexts.list().map(([name]) => name);
    case 'account':
      return (await client.listUsers(call)).map(({ username }) => username);
    case 'key':
      return (await client.listKeys(call)).map(({ id }) => id);
    case 'setting':
      return Object.keys((await client.getConfig(call)).sources);
    case 'assignment':
      return Object.keys((await client.getConfig(call)).sources).map((key) => `${key}=`);
  }
}
