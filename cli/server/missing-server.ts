import type { Surroundings } from '../surroundings.ts';
import type { Terminal } from '../screen/terminal.ts';
import { ensureServer } from './background-server.ts';
import { expectedServer, type ExpectedServer } from './expected-server.ts';
import { followedUrl } from './local-server.ts';
import type { ServerAddress } from './server-address.ts';

/**
 * Starts the configured server in the background if the command line means that server, and nothing answers at its
 * address. Prints its address, and how to stop it.
 *
 * @param judge Called before the start; throws if the command would fail anyway.
 * @returns whether it was started
 */
export async function startMissing(
  address: ServerAddress,
  surroundings: Surroundings,
  terminal: Terminal,
  judge: () => Promise<void>,
): Promise<boolean> {
  const expected = address.expected ?? (await followedOne(address, surroundings));
  if (expected === null || (await answers(expected.url))) return false;
  await judge();
  const server = await ensureServer(surroundings, {
    flags: {},
    searchLocal: false,
    signal: surroundings.interrupted(),
    onWait: (sentence) => terminal.note(`llamactl: ${sentence}`),
  });
  if (server.isNew) terminal.note(`started a server in the background: ${server.url}; to stop it: ${server.stop}`);
  return true;
}

/** The configured server, if the context follows it and it does not run. */
async function followedOne(
  { dataDirectory }: ServerAddress,
  surroundings: Surroundings,
): Promise<ExpectedServer | null> {
  if (dataDirectory === null || followedUrl(dataDirectory) !== null) return null;
  const expected = await expectedServer(surroundings);
  return expected?.dataDirectory === dataDirectory ? expected : null;
}

/** Milliseconds. */
const TIMEOUT = 2_000;

/** Whether any program answers at an address, such as a server with another data directory. */
async function answers(url: string): Promise<boolean> {
  try {
    await fetch(`${url}/livez`, { signal: AbortSignal.timeout(TIMEOUT) });
    return true;
  } catch (error) {
    return error instanceof Error && error.name === 'TimeoutError';
  }
}
