import { statSync } from 'node:fs';
import path from 'node:path';
import { type Client, LlamactlError, type ConfigView, type ConfigWritten } from '@llamactl/client';
import type { Surroundings } from '../command-line.ts';
import { EXIT } from '../exit-status.ts';
import { localServer } from '../local-server.ts';
import { Problem } from '../problem.ts';
import { dataDirectoryOf, isSameAddress, type ServerAddress } from '../server-address.ts';

/** A change of a configuration file, and the file where this program changed it itself; `null`: the server did. */
export interface Change {
  written: ConfigWritten;
  file: string | null;
}

/**
 * Changes the configuration of a server. Keys that no request may change are written into the file by this program, when
 * the server runs on this machine as our user.
 *
 * @throws {LlamactlError} the server's refusal, where it runs elsewhere or as another user
 * @throws {Problem} when the file may or can not be changed either
 */
export async function changeConfig(
  { client, address, signal }: { client: Client; address: ServerAddress; signal: AbortSignal },
  { environment, home }: Pick<Surroundings, 'environment' | 'home'>,
  patch: Record<string, unknown>,
): Promise<Change> {
  try {
    return { written: await client.updateConfig(patch, { signal }), file: null };
  } catch (error) {
    // A refusal of keys names them; one of a caller does not.
    const isOfKeys = error instanceof LlamactlError && error.code === 'FORBIDDEN' && error.problems.length > 0;
    const uid = process.getuid?.();
    if (!isOfKeys || uid === undefined) throw error;
    const view = await client.getConfig({ signal });
    if (!isOurs(address, [view.config.data_dir, dataDirectoryOf(environment, home)], home, uid)) throw error;
    const edited = await edit(view, patch, { home, cwd: process.cwd(), uid });
    const after = await client.getConfig({ signal });
    const written = { ...edited, restart_required: after.restart_required };
    return { written, file: after.file ?? view.file };
  }
}

/** Whether our user runs the server at an address: it says so in its data directory, which is then ours. */
function isOurs({ url, dataDirectory }: ServerAddress, others: readonly string[], home: string, uid: number): boolean {
  const directories = [...(dataDirectory === null ? [] : [dataDirectory]), ...others];
  return directories.some((each) => {
    const server = localServer(path.resolve(each.replace(/^~(?=\/|$)/, home)));
    return (
      server?.url !== null && server?.url !== undefined && isSameAddress(server.url, url) && isOf(server.file, uid)
    );
  });
}

function isOf(file: string, uid: number): boolean {
  return statSync(file, { throwIfNoEntry: false })?.uid === uid;
}

async function edit(
  view: ConfigView,
  patch: Record<string, unknown>,
  user: { home: string; cwd: string; uid: number },
): Promise<ConfigWritten> {
  const { editConfigFile } = await import('@llamactl/server/main');
  try {
    return await editConfigFile(view, patch, user);
  } catch (error) {
    throw new Problem(error instanceof Error ? error.message : String(error), EXIT.failed, [
      'the file is changed here, as your user: requests may not change these keys',
    ]);
  }
}
