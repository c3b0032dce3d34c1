import { Client } from '@llamactl/client';
import type { Context } from '../server/contexts.ts';
import { followedUrl, localServer } from '../server/local-server.ts';
import { dataDirectoryOf, serverAddress, type AddressParts } from '../server/server-address.ts';
import { contextNameOf, LOCAL_NAME } from './context-name.ts';

/** The server to log in to, and the context that stores the log-in. */
export interface LoginTarget {
  /** Without a trailing slash. */
  url: string;
  context: string;
  /** Where the URL comes from, for messages. */
  source: string;
  /**
   * The server's data directory, if the context follows it on this machine; `null`: the context stores only the URL.
   */
  dataDirectory: string | null;
  /** The stored context; `null`: it is new. */
  known: Context | null;
}

/**
 * Determines server and context. `--url` and `--context` may both be given, and the context may be new. Otherwise the
 * rules of all verbs apply.
 */
export function loginTarget(parts: AddressParts): LoginTarget {
  const { flags, contexts, environment } = parts;
  const named = flags.context ?? namedByEnvironment(parts);
  const known = named === null ? undefined : contexts.find(named);
  const elsewhere = { ...environment, LLAMACTL_CONTEXT: undefined };
  const address =
    known === undefined && flags.url === undefined
      ? serverAddress({ ...parts, flags: {}, environment: elsewhere })
      : null;
  const url = new Client(flags.url ?? known?.url ?? address?.url).url;
  const found = address?.dataDirectory ?? null;
  const context =
    named ?? address?.context ?? contextNameOf(url, contexts.list(), found === null ? undefined : LOCAL_NAME);
  const stored = contexts.find(context) ?? null;
  const dataDirectory =
    flags.url === undefined ? (found ?? stored?.data_dir ?? unfollowed(parts, context, stored)) : followed(stored, url);
  const source = flags.url === undefined ? (address?.source ?? `the context ${context}`) : '--url';
  return { url, context, source, dataDirectory, known: stored };
}

/** For `--url`: the data directory stored in the context, if the server there has this URL; otherwise `null`. */
function followed(stored: Context | null, url: string): string | null {
  const { data_dir: dataDirectory } = stored ?? {};
  return dataDirectory !== undefined && followedUrl(dataDirectory) === url ? dataDirectory : null;
}

/**
 * For a context `local` of an older version, which stores only the URL: the data directory of this machine's server.
 */
function unfollowed({ environment, home }: AddressParts, name: string, stored: Context | null): string | null {
  if (name !== LOCAL_NAME || stored === null) return null;
  const dataDirectory = dataDirectoryOf(environment, home);
  return localServer(dataDirectory)?.url === stored.url ? dataDirectory : null;
}

/** The value of `LLAMACTL_CONTEXT`; `null`: it is not set, or `--url` or `LLAMACTL_URL` overrides it. */
function namedByEnvironment({ flags, environment }: AddressParts): string | null {
  const { LLAMACTL_CONTEXT: name, LLAMACTL_URL: url } = environment;
  return flags.url === undefined && isSet(name) && !isSet(url) ? name : null;
}

/** Warnings about environment variables that override the new log-in. */
export function overrides(environment: AddressParts['environment'], context: string): string[] {
  const { LLAMACTL_TOKEN: token, LLAMACTL_URL: url, LLAMACTL_CONTEXT: name } = environment;
  return [
    ...(isSet(token) ? ['LLAMACTL_TOKEN is set and overrides this log-in'] : []),
    ...(isSet(url) ? ['LLAMACTL_URL is set and overrides contexts; to use this log-in, unset it'] : []),
    ...(isSet(name) && name !== context ? [`LLAMACTL_CONTEXT is set and selects ${name} instead`] : []),
  ];
}

function isSet(value: string | undefined): value is string {
  return value !== undefined && value !== '';
}
