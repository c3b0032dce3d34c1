import path from 'node:path';
import type { Context, Contexts } from './contexts.ts';
import { expectedServer, type ExpectedServer } from './expected-server.ts';
import { followedUrl, localServer } from './local-server.ts';

/** The address of a server, and the credentials for it. */
export interface ServerAddress {
  url: string;
  token: string | null;
  /** The context that it comes from; `null`: none. */
  context: string | null;
  /** Where the URL comes from, for messages. */
  source: string;
  /** The data directory through which the server on this machine was found; `null`: the URL was given. */
  dataDirectory: string | null;
  /** `LLAMACTL_TOKEN` is set, but not sent: the address is the default, and no server is known to be there. */
  isTokenKept?: true;
  /**
   * The configured server of this machine, which does not run. Left out: the command line names a server, or the
   * configured one runs.
   */
  expected?: ExpectedServer;
}

/** The address flags of the command line. */
export interface AddressFlags {
  url?: string;
  context?: string;
}

export interface AddressParts {
  flags: AddressFlags;
  environment: Readonly<Record<string, string | undefined>>;
  contexts: Contexts;
  /** Absolute. */
  home: string;
  /** The configured server of this machine; left out: the one of an empty configuration. */
  expected?: ExpectedServer;
}

export const DEFAULT_URL = 'http://127.0.0.1:8080';
/** The source of the default address. */
export const DEFAULT = 'the default';

/**
 * As {@link serverAddress}, but reads the configuration if no server is named or found without it, or the followed one is gone:
 * the file may name another data directory or port.
 */
export async function configuredAddress(parts: AddressParts): Promise<ServerAddress> {
  const address = serverAddress(parts);
  const { dataDirectory: followed } = address;
  const isGone = followed !== null && followedUrl(followed) === null;
  if (address.source !== DEFAULT && !isGone) return address;
  const expected = await expectedServer(parts);
  return expected === null ? address : serverAddress({ ...parts, expected });
}

/**
 * Finds the server, in this order: `--url`, `--context`, `LLAMACTL_URL`, `LLAMACTL_CONTEXT`, the current context, the
 * server that runs on this machine, the default. A context that follows another server of this machine than the one that is meant
 * is passed over.
 *
 * A context's token goes to the address of that context and nowhere else. `LLAMACTL_TOKEN` goes to a named address, or
 * to the server that runs on this machine. It does not go to the default address, where any user of the machine may
 * listen. `assertFollowed` checks at each request that a server found by its data directory still runs.
 *
 * @throws {Problem} when the named context does not exist
 */
export function serverAddress({ flags, environment, contexts, home, expected }: AddressParts): ServerAddress {
  const given = environment['LLAMACTL_TOKEN'];
  const token = given === undefined || given === '' ? null : given;
  const inContext = (name: string, source: string): ServerAddress => {
    const context = contexts.get(name);
    const { url, data_dir: dataDirectory = null } = context;
    return { url, token: token ?? context.token ?? null, context: name, source, dataDirectory };
  };
  const at = (url: string, source: string, dataDirectory: string | null = null): ServerAddress => {
    // A request with `LLAMACTL_TOKEN` can do without contexts.
    const known = token === null ? contexts.list() : contexts.listIfUsable();
    // Of several log-ins at one address, the one of a plain `llamactl login` on this machine comes first.
    const there = known
      .filter(([, each]) => isSameAddress(each.url, url) && isThere(each))
      .toSorted(([one], [other]) => Number(other === 'local') - Number(one === 'local'));
    const [name = null, context] =
      there.find(([, each]) => (each.data_dir ?? null) === dataDirectory) ?? there[0] ?? [];
    return { url, token: token ?? context?.token ?? null, context: name, source, dataDirectory };
  };
  if (flags.url !== undefined) return at(typed(flags.url), '--url');
  if (flags.context !== undefined) return inContext(flags.context, '--context');
  const { LLAMACTL_URL: url, LLAMACTL_CONTEXT: name } = environment;
  if (url !== undefined && url !== '') return at(typed(url), 'LLAMACTL_URL');
  if (name !== undefined && name !== '') return inContext(name, 'LLAMACTL_CONTEXT');
  const { current } = contexts;
  const dataDirectory = expected?.dataDirectory ?? dataDirectoryOf(environment, home);
  if (current !== null && !isReplaced(contexts.get(current), dataDirectory, environment)) {
    return inContext(current, `the context ${current}`);
  }
  const { url: local = null, file = '' } = localServer(dataDirectory) ?? {};
  if (local !== null) return at(local, file, dataDirectory);
  const unnamed =
    expected === undefined
      ? at(DEFAULT_URL, DEFAULT)
      : { ...at(expected.url, sourceOf(expected, environment)), expected };
  if (token === null) return unnamed;
  return { ...unnamed, token: ownToken(contexts, unnamed.context), isTokenKept: true };
}

/**
 * Whether another server of this machine is meant than the one that a context follows: it runs, and `LLAMACTL_DATA_DIR` names
 * it, or the followed one is gone, as after a move of the data directory.
 *
 * @param dataDirectory Of the configured server.
 */
function isReplaced(
  { data_dir: followed }: Context,
  dataDirectory: string,
  { LLAMACTL_DATA_DIR: named = '' }: AddressParts['environment'],
): boolean {
  if (followed === undefined || followed === dataDirectory) return false;
  return localServer(dataDirectory) !== null && (named !== '' || followedUrl(followed) === null);
}

/** Reads an address as people type it: without the protocol, or the one that OpenAI clients need. */
function typed(text: string): string {
  const url = text.includes('://') ? text : `http://${text}`;
  return url.replace(/\/v1\/?$/, '');
}

/** Where the address of the configured server comes from, for messages. */
function sourceOf({ url, file }: ExpectedServer, environment: AddressParts['environment']): string {
  if (isSameAddress(url, DEFAULT_URL)) return DEFAULT;
  // Variables override the file.
  const variable = ['LLAMACTL_SERVER_PORT', 'LLAMACTL_SERVER_HOST'].find((name) => (environment[name] ?? '') !== '');
  return variable ?? file ?? 'the environment';
}

function ownToken(contexts: Contexts, context: string | null): string | null {
  return context === null ? null : (contexts.get(context).token ?? null);
}

/**
 * Whether the server that a context follows runs. If not, the URL of the context is the last known one, where any
 * program may listen by now.
 */
export function isThere({ data_dir: dataDirectory }: Context): boolean {
  return dataDirectory === undefined || followedUrl(dataDirectory) !== null;
}

export function isSameAddress(one: string, other: string): boolean {
  return one.replace(/\/+$/, '') === other.replace(/\/+$/, '');
}

/** Absolute path of the default server's data directory. That server may listen on another port than the default. */
export function dataDirectoryOf(environment: AddressParts['environment'], home: string): string {
  return path.resolve(environment['LLAMACTL_DATA_DIR'] ?? path.join(home, '.local', 'share', 'llamactl'));
}
