import path from 'node:path';
import type { Context, Contexts } from './contexts.ts';
import { followedUrl, localServer } from './local-server.ts';

/** Which server is talked to, and with what. */
export interface ServerAddress {
  url: string;
  token: string | null;
  /** The context that it comes from; `null`: from none. */
  context: string | null;
  /** Where the URL was found, for people. */
  source: string;
  /** Of the server, if it was found by it: on this machine, wherever it listens; `null`: its URL was given. */
  dataDirectory: string | null;
  /** `LLAMACTL_TOKEN` is set, and not sent: no one named the address, and no server is known to be there. */
  isTokenKept?: true;
}

/** What the command line says of it. */
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
}

export const DEFAULT_URL = 'http://127.0.0.1:8080';
/** The source of an address that nobody has named. */
export const DEFAULT = 'the default';

/**
 * `--url`, then `--context`, `LLAMACTL_URL`, `LLAMACTL_CONTEXT`, the current context, the server that runs on this
 * machine, the default. A context's token goes to the address of that context and nowhere else. `LLAMACTL_TOKEN` goes to an
 * address that was named, or to the server that runs on this machine; not to the default, where any user of the machine may
 * listen. That a server which is followed is there is asked when something is sent: `assertFollowed`.
 *
 * @throws {Problem} when the named context does not exist
 */
export function serverAddress({ flags, environment, contexts, home }: AddressParts): ServerAddress {
  const given = environment['LLAMACTL_TOKEN'];
  const token = given === undefined || given === '' ? null : given;
  const inContext = (name: string, source: string): ServerAddress => {
    const context = contexts.get(name);
    const { url, data_dir: dataDirectory = null } = context;
    return { url, token: token ?? context.token ?? null, context: name, source, dataDirectory };
  };
  const at = (url: string, source: string, dataDirectory: string | null = null): ServerAddress => {
    // With a token of its own a request needs no context.
    const known = token === null ? contexts.list() : contexts.listIfUsable();
    const there = known.filter(([, each]) => isSameAddress(each.url, url) && isThere(each));
    const [name = null, context] =
      there.find(([, each]) => (each.data_dir ?? null) === dataDirectory) ?? there[0] ?? [];
    return { url, token: token ?? context?.token ?? null, context: name, source, dataDirectory };
  };
  if (flags.url !== undefined) return at(flags.url, '--url');
  if (flags.context !== undefined) return inContext(flags.context, '--context');
  const { LLAMACTL_URL: url, LLAMACTL_CONTEXT: name } = environment;
  if (url !== undefined && url !== '') return at(url, 'LLAMACTL_URL');
  if (name !== undefined && name !== '') return inContext(name, 'LLAMACTL_CONTEXT');
  const { current } = contexts;
  if (current !== null) return inContext(current, `the context ${current}`);
  const dataDirectory = dataDirectoryOf(environment, home);
  const { url: local = null, file = '' } = localServer(dataDirectory) ?? {};
  if (local !== null) return at(local, file, dataDirectory);
  const unnamed = at(DEFAULT_URL, DEFAULT);
  if (token === null) return unnamed;
  return { ...unnamed, token: ownToken(contexts, unnamed.context), isTokenKept: true };
}

function ownToken(contexts: Contexts, context: string | null): string | null {
  return context === null ? null : (contexts.get(context).token ?? null);
}

/** Whether what a context follows is at its URL, which is else the last that is known, and anybody's by now. */
export function isThere({ data_dir: dataDirectory }: Context): boolean {
  return dataDirectory === undefined || followedUrl(dataDirectory) !== null;
}

export function isSameAddress(one: string, other: string): boolean {
  return one.replace(/\/+$/, '') === other.replace(/\/+$/, '');
}

/** Absolute: of the server that is meant when nobody names one, which may listen on another port than the default. */
export function dataDirectoryOf(environment: AddressParts['environment'], home: string): string {
  return path.resolve(environment['LLAMACTL_DATA_DIR'] ?? path.join(home, '.local', 'share', 'llamactl'));
}
