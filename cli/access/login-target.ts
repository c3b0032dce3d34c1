import { Client } from '@llamactl/client';
import type { Context } from '../contexts.ts';
import { serverAddress, type AddressParts } from '../server-address.ts';
import { contextNameOf } from './context-name.ts';

/** Where somebody logs in, and under which name that is kept. */
export interface LoginTarget {
  /** Without a slash at its end. */
  url: string;
  context: string;
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
  const context = named ?? address?.context ?? contextNameOf(url, contexts.list());
  return { url, context, known: contexts.find(context) ?? null };
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
