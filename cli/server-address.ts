import path from 'node:path';
import type { Contexts } from './contexts.ts';
import { localServer } from './local-server.ts';

/** Which server is talked to, and with what. */
export interface ServerAddress {
  url: string;
  token: string | null;
  /** The context that it comes from; `null`: from none. */
  context: string | null;
  /** Where the URL was found, for people. */
  source: string;
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

/**
 * `--url`, then `--context`, `LLAMACTL_URL`, `LLAMACTL_CONTEXT`, the current context, the server that runs on this
 * machine, the default. A context's token goes to the address of that context and nowhere else; `LLAMACTL_TOKEN` goes
 * wherever is talked to.
 *
 * @throws {Problem} when the named context does not exist
 */
export function serverAddress({ flags, environment, contexts, home }: AddressParts): ServerAddress {
  const given = environment['LLAMACTL_TOKEN'];
  const token = given === undefined || given === '' ? null : given;
  const inContext = (name: string, source: string): ServerAddress => {
    const context = contexts.get(name);
    return { url: context.url, token: token ?? context.token ?? null, context: name, source };
  };
  const at = (url: string, source: string): ServerAddress => {
    const [name = null, context] = contexts.list().find(([, each]) => isSameAddress(each.url, url)) ?? [];
    return { url, token: token ?? context?.token ?? null, context: name, source };
  };
  if (flags.url !== undefined) return at(flags.url, '--url');
  if (flags.context !== undefined) return inContext(flags.context, '--context');
  const { LLAMACTL_URL: url, LLAMACTL_CONTEXT: name } = environment;
  if (url !== undefined && url !== '') return at(url, 'LLAMACTL_URL');
  if (name !== undefined && name !== '') return inContext(name, 'LLAMACTL_CONTEXT');
  const { current } = contexts;
  if (current !== null) return inContext(current, `the context ${current}`);
  const local = localUrl(environment, home);
  if (local !== null) return at(local.url, local.file);
  return at(DEFAULT_URL, 'the default');
}

function isSameAddress(one: string, other: string): boolean {
  return one.replace(/\/+$/, '') === other.replace(/\/+$/, '');
}

/** The server of this machine may listen on another port than the default. */
function localUrl(environment: AddressParts['environment'], home: string): { url: string; file: string } | null {
  const folder = environment['LLAMACTL_DATA_DIR'] ?? path.join(home, '.local', 'share', 'llamactl');
  const { url = null, file } = localServer(folder) ?? {};
  return url === null || file === undefined ? null : { url, file };
}
