import { statSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Client, ConnectionError, LlamactlError, type ConfigView, type ConfigWritten } from '@llamactl/client';
import type { LoadedConfig } from '@llamactl/server/main';
import { reasonOf } from '@llamactl/contract/reason';
import type { Surroundings } from '../surroundings.ts';
import { EXIT } from '../exit-status.ts';
import { expectedServer } from '../server/expected-server.ts';
import { localServer } from '../server/local-server.ts';
import { Problem } from '../problem.ts';
import { dataDirectoryOf, isSameAddress, type ServerAddress } from '../server/server-address.ts';
import { isLoopback } from '../server/loopback.ts';

/**
 * A change of a configuration. `file`: this program changed that file of a running server, because the API cannot
 * change the key; `null`: otherwise.
 */
export interface Change {
  written: ConfigWritten;
  file: string | null;
}

/** The server whose configuration changes, as the command line names it. */
interface Target {
  client: Client;
  address: ServerAddress;
  signal: AbortSignal;
  /** The token that goes to the server; `null`: none. */
  freshToken: () => Promise<string | null>;
}

/** Local users; a directory service may have others. */
const USERS = '/etc/passwd';
const HOME_FIELD = 5;

/**
 * Changes the configuration of a server. For keys that the API cannot change, this program edits the file itself. It
 * does so if the server runs on this machine as our user, or if we are root.
 *
 * @throws {LlamactlError} the server's refusal, if it runs elsewhere or as another user
 * @throws {Problem} when this program cannot or may not change the file
 */
export async function changeConfig(
  target: Target,
  { environment, home }: Pick<Surroundings, 'environment' | 'home'>,
  patch: Record<string, unknown>,
): Promise<Change> {
  const { client, address, signal } = target;
  try {
    return { written: await client.updateConfig(patch, { signal }), file: null };
  } catch (error) {
    if (error instanceof ConnectionError && error.isUnsent) {
      const change = await changeAwayConfig(address, { environment, home }, patch);
      if (change !== null) return change;
    }
    // A refusal of keys names them; a refusal of the caller does not.
    const isOfKeys = error instanceof LlamactlError && error.code === 'FORBIDDEN' && error.problems.length > 0;
    const uid = process.getuid?.();
    if (!isOfKeys || uid === undefined) throw error;
    const named = await client.getConfig({ signal });
    const proven = provenServer(address, [named.config.data_dir, dataDirectoryOf(environment, home)], home, uid);
    if (proven === null) throw error;
    // `localhost` may lead to another process on `::1`, so use only the proven address to find the file.
    const own = new Client({ url: proven.url, token: (await target.freshToken()) ?? undefined });
    const view = await own.getConfig({ signal });
    if (!mayEdit(view.file, proven.owner, uid)) throw error;
    const edited = await edit(view, patch, { home, cwd: process.cwd(), uid });
    const after = await own.getConfig({ signal });
    const written = { ...edited, restart_required: after.restart_required };
    return { written, file: after.file ?? view.file };
  }
}

/**
 * Changes the file that `llamactl up` would read. For this machine's server while it does not run: a valid but wrong
 * value may be the cause. `null`: the address is that of another server, or the configuration has errors.
 */
async function changeAwayConfig(
  { expected, dataDirectory }: ServerAddress,
  user: Pick<Surroundings, 'environment' | 'home'>,
  patch: Record<string, unknown>,
): Promise<Change | null> {
  const uid = process.getuid?.();
  const own = await expectedServer(user);
  if (uid === undefined || own === null || (expected === undefined && dataDirectory !== own.dataDirectory)) return null;
  const { editNextConfig, readConfig } = await import('@llamactl/server/main');
  const read = (): LoadedConfig => readConfig({ configFile: null, overrides: {}, searchLocal: false, user });
  const written = await explained(AWAY, null, () => editNextConfig(read(), patch));
  const message = written.changed.length > 0 ? 'Configuration updated; to start with it: llamactl up' : written.message;
  return { written: { ...written, message, restart_required: false }, file: null };
}

/** A server of this machine that provably holds its data directory. */
interface ProvenServer {
  /** From its data directory. */
  url: string;
  /** User id that owns `server.json`. */
  owner: number;
}

/**
 * The server at an address, if it provably holds one of our data directories. For root, those of all users count.
 * Another user's server must have exactly this address: otherwise that user could direct our token to another one.
 */
function provenServer(
  { url, dataDirectory }: ServerAddress,
  others: readonly string[],
  home: string,
  uid: number,
): ProvenServer | null {
  const named = [...(dataDirectory === null ? [] : [dataDirectory]), ...others];
  // In the configuration of a service, `~` is the home of the service's user.
  const homes = uid === 0 ? [home, ...userHomes()] : [home];
  const directories = new Set(named.flatMap((each) => homes.map((at) => path.resolve(each.replace(/^~(?=\/|$)/, at)))));
  for (const directory of directories) {
    const server = localServer(directory);
    const owner = server === null ? null : ownerOf(server.file);
    if (server === null || server.url === null || owner === null) continue;
    const isProven = owner === uid ? isSameListener(server.url, url) : uid === 0 && isSameAddress(server.url, url);
    if (isProven) return { url: server.url, owner };
  }
  return null;
}

/** For another user's server, root edits only files of that user or of root, never those of a third user. */
function mayEdit(file: string | null, serverOwner: number, uid: number): boolean {
  if (serverOwner === uid) return true;
  const owner = file === null ? null : ownerOf(file);
  return owner === 0 || owner === serverOwner;
}

/** `null`: the file does not exist. */
function ownerOf(file: string): number | null {
  return statSync(file, { throwIfNoEntry: false })?.uid ?? null;
}

async function edit(
  view: ConfigView,
  patch: Record<string, unknown>,
  user: { home: string; cwd: string; uid: number },
): Promise<ConfigWritten> {
  const { editConfigFile } = await import('@llamactl/server/main');
  return explained(OF_KEYS, view.file, () => editConfigFile(view, patch, user));
}

const OF_KEYS = 'llamactl edits the file itself, because the API cannot change these keys';
const AWAY = 'llamactl edits the file itself, because no server is running';

/**
 * Runs an edit. Its errors say that this program edits the file.
 *
 * @param because Why this program does so.
 * @param file The file; `null`: unknown.
 */
async function explained(
  because: string,
  file: string | null,
  act: () => Promise<ConfigWritten>,
): Promise<ConfigWritten> {
  try {
    return await act();
  } catch (error) {
    throw new Problem(reasonOf(error), EXIT.failed, adviceFor(error, because, file));
  }
}

/** Advice about the file and its owner would mislead where only a key or a value is wrong. A bundle has two classes ApiError. */
function adviceFor(error: unknown, because: string, file: string | null): string[] {
  const status = error instanceof Error && 'status' in error ? error.status : null;
  if (status === 400) return [];
  // Keys that no command changes, not even as root: `security.*`.
  if (status === 403) {
    const next = because === AWAY ? 'llamactl up' : 'llamactl reload';
    return [`with an editor${file === null ? '' : `: ${file}`}; then ${next}`];
  }
  return [because, 'if the file is not yours, run this as root'];
}

/** Home directories of this machine's users, absolute, each once. Empty where the list cannot be read. */
export function userHomes(file: string = USERS): string[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    // Not every system has this file. Root can give the data directory instead.
    return [];
  }
  const homes = text.split('\n').map((line) => line.split(':')[HOME_FIELD] ?? '');
  return [...new Set(homes.filter((home) => home.startsWith('/')))];
}

/**
 * Whether two URLs name one listener of this machine: equal text, or loopback hosts with the same port. `localhost` may
 * be IPv4 or IPv6, so this is no proof of which process listens there.
 */
export function isSameListener(one: string, other: string): boolean {
  if (!URL.canParse(one) || !URL.canParse(other)) return false;
  const [a, b] = [new URL(one), new URL(other)];
  if (exceptHost(a) !== exceptHost(b)) return false;
  return a.hostname === b.hostname || (isLoopback(one) && isLoopback(other) && isReachable(a.hostname, b.hostname));
}

function exceptHost({ protocol, port, pathname }: URL): string {
  return `${protocol}//:${port}${pathname.replace(/\/+$/, '')}`;
}

/** 127.0.0.0/8 and `::1` are different listeners; `localhost` may be either. */
function isReachable(one: string, other: string): boolean {
  return one === 'localhost' || other === 'localhost' || (one !== '[::1]' && other !== '[::1]');
}
