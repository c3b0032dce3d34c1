import { Client } from '@llamactl/client';
import type { Context } from '../contexts.ts';
import { followedUrl, localServer } from '../local-server.ts';
import { dataDirectoryOf, serverAddress, type AddressParts } from '../server-address.ts';
import { contextNameOf, LOCAL_NAME } from './context-name.ts';

/** Where somebody logs in, and under which name that is kept. */
export interface LoginTarget {
  /** Without a slash at its end. */
  url: string;
  context: string;
  /** Where the URL was found, for people. */
  source: string;
  /** Of the server, if the context follows it on this machine, wherever it listens; `null`: its URL is kept alone. */
  dataDirectory: string | null;
  /** What is known of it so far. */
  known: Context | null;
}

/** `--url` and `--context` may say it both, and the context need not be there yet; what they leave open is as for all verbs. */
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

/** `--url` names the server that its context follows anyway. */
function followed(stored: Context | null, url: string): string | null {
  const { data_dir: dataDirectory } = stored ?? {};
  return dataDirectory !== undefined && followedUrl(dataDirectory) === url ? dataDirectory : null;
}

/** `local` was made for the server of this machine, by a version that kept its URL. */
function unfollowed({ environment, home }: AddressParts, name: string, stored: Context | null): string | null {
  if (name !== LOCAL_NAME || stored === null) return null;
  const dataDirectory = dataDirectoryOf(environment, home);
  return localServer(dataDirectory)?.url === stored.url ? dataDirectory : null;
}

/** `LLAMACTL_CONTEXT`, where nothing goes before it. */
function namedByEnvironment({ flags, environment }: AddressParts): string | null {
  const { LLAMACTL_CONTEXT: name, LLAMACTL_URL: url } = environment;
  return flags.url === undefined && isSet(name) && !isSet(url) ? name : null;
}

/** What stands in the way of a log-in that was just made: the environment goes before contexts. */
export function overrides(environment: AddressParts['environment'], context: string): string[] {
  const { LLAMACTL_TOKEN: token, LLAMACTL_URL: url, LLAMACTL_CONTEXT: name } = environment;
  return [
    ...(isSet(token) ? ['LLAMACTL_TOKEN is set, and is sent instead of this log-in'] : []),
    ...(isSet(url) ? ['LLAMACTL_URL is set, and goes before contexts: unset it to use this log-in'] : []),
    ...(isSet(name) && name !== context ? [`LLAMACTL_CONTEXT is set, and names ${name} instead`] : []),
  ];
}

function isSet(value: string | undefined): value is string {
  return value !== undefined && value !== '';
}
