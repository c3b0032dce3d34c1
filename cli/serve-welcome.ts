import os from 'node:os';
import type { Style } from './style.ts';

/** What a server is, once it listens. */
export interface ServerFacts {
  version: string;
  /** For this machine itself. */
  url: string;
  /** For others, where it is another one; `null`: the same, or none. */
  public_url: string | null;
  /** Base URL for clients of OpenAI's API. */
  gateway: string;
  /** Absolute path of the configuration file; `null`: there is none. */
  configuration: string | null;
  data_dir: string;
  /** Whether callers have to say who they are. */
  accounts: boolean;
  /** The account that this start made; `null`: it made none. */
  first_admin: {
    username: string;
    /** Absolute; `null`: it is the one that LLAMACTL_ADMIN_PASSWORD gave. */
    password_file: string | null;
  } | null;
}

/**
 * Where others reach a server that this machine reaches at `url`: where it is said to be, else by the name of this machine
 * if it listens everywhere; `null`: at the same, or nowhere.
 */
export function addressForOthers(
  { host, public_url: said }: { host: string; public_url: string },
  url: string,
  hostname = os.hostname(),
): string | null {
  if (said !== '') return said.replace(/\/+$/, '');
  if (host !== '0.0.0.0' && host !== '::') return null;
  const { port, pathname } = new URL(url);
  return `http://${hostname}${port === '' ? '' : `:${port}`}${pathname.replace(/\/+$/, '')}`;
}

/** The same in five or six lines, for whoever started it by hand. */
export function welcomeLines(
  facts: ServerFacts,
  { stopEngines, style }: { stopEngines: boolean; style: Style },
): string[] {
  const { version, url, public_url: forOthers, gateway, configuration, data_dir: data } = facts;
  const line = lineIn(style);
  return [
    `llamactl ${version} listens on ${style.strong(url)} (its API as a page: /docs)`,
    line('for clients', `${gateway} is the base URL for OpenAI clients`),
    ...(forOthers === null ? [] : [line('elsewhere', `${forOthers}, for clients ${forOthers}/v1`)]),
    line('configuration', `${configuration ?? 'none, all defaults'}; data in ${data}`),
    line('accounts', accounts(facts)),
    line('Ctrl-C', `ends it${stopEngines ? ' and its engines' : '; engines go on running'}`),
  ];
}

/** What a server says that has replaced another: only what is new since. */
export function successorLines(facts: ServerFacts, { pid, style }: { pid: number; style: Style }): string[] {
  const serves = `llamactl ${facts.version} serves now, as process ${pid}`;
  return facts.first_admin === null ? [serves] : [serves, lineIn(style)('accounts', accounts(facts))];
}

function lineIn(style: Style): (title: string, text: string) => string {
  return (title, text) => `  ${style.faint(title.padEnd(13))}  ${text}`;
}

/** Who gets in, and how the first person does. */
function accounts({ accounts: areOn, first_admin: first }: ServerFacts): string {
  if (!areOn) return 'off: whoever is on this machine is an administrator';
  if (first === null) return 'on: llamactl login';
  const { username, password_file: file } = first;
  const password = file === null ? 'that of LLAMACTL_ADMIN_PASSWORD' : `in ${file}`;
  return `on: user ${username}, password ${password}`;
}
