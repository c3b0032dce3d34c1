import os from 'node:os';
import type { Style } from '../screen/style.ts';

/** Facts about a listening server. */
export interface ServerFacts {
  version: string;
  /** Its address on this machine. */
  url: string;
  /** Its address for other machines; `null`: the same, or none. */
  public_url: string | null;
  /** Base URL for clients of OpenAI's API. */
  gateway: string;
  /** Absolute path of the configuration file; `null`: none. */
  configuration: string | null;
  data_dir: string;
  /** Whether callers have to log in. */
  accounts: boolean;
  /** The administrator account that this start created; `null`: none. */
  first_admin: {
    username: string;
    /** Absolute; `null`: LLAMACTL_ADMIN_PASSWORD gave the password. */
    password_file: string | null;
  } | null;
}

/** The address of a server with its base path, without a slash at the end. */
export function withBasePath(url: string, { base_path: basePath }: { base_path: string }): string {
  return url + basePath.replace(/\/+$/, '');
}

/**
 * The address of a server for other machines: `public_url` if set, else this machine's name if the server listens on
 * every address. `null`: the same as `url`, or none.
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

/** Networks between programs of this machine. */
const INNER_NETWORKS = /^(?:docker|br-|veth|virbr|cni|podman|tun|tap)/;

/**
 * The address of a server by the number of this machine in its network, for machines that cannot resolve its name.
 * `null`: the server does not listen on every address, has a public address, or the machine has no network.
 */
export function numericAddress(
  { host, public_url: said }: { host: string; public_url: string },
  url: string,
  interfaces = os.networkInterfaces(),
): string | null {
  if (said !== '') return null;
  const addresses = Object.entries(interfaces)
    .filter(([name]) => !INNER_NETWORKS.test(name))
    .flatMap(([, all]) => all ?? []);
  const found = addresses.find(({ family, internal }) => family === 'IPv4' && !internal);
  return found === undefined ? null : addressForOthers({ host, public_url: said }, url, found.address);
}

/** The start message for a person, in six or seven lines. */
export function welcomeLines(
  facts: ServerFacts,
  { stopEngines, style }: { stopEngines: boolean; style: Style },
): string[] {
  const { version, url, public_url: forOthers, gateway, configuration, data_dir: data } = facts;
  const line = lineIn(style);
  return [
    `llamactl ${version} listens on ${style.strong(url)}`,
    line('for clients', `${gateway} is the base URL for OpenAI clients`),
    line('web page', `${url}/, API at ${url}/docs`),
    ...(forOthers === null ? [] : [line('elsewhere', `${forOthers}, for clients ${forOthers}/v1`)]),
    line('configuration', `${configuration ?? 'no file, only defaults'}; data in ${data}`),
    line('accounts', accounts(facts)),
    line('Ctrl-C', `stops the server${stopEngines ? ' and its engines' : '; engines keep running'}`),
  ];
}

/** The start message of a successor: only what is new. */
export function successorLines(facts: ServerFacts, { pid, style }: { pid: number; style: Style }): string[] {
  const serves = `llamactl ${facts.version} has taken over, as process ${pid}`;
  return facts.first_admin === null ? [serves] : [serves, lineIn(style)('accounts', accounts(facts))];
}

/** A line of a start message: a title, and the text beside it. */
export function lineIn(style: Style): (title: string, text: string) => string {
  return (title, text) => `  ${style.faint(title.padEnd(13))}  ${text}`;
}

/** Whether accounts are on, and how to log in the first time. */
function accounts({ accounts: areOn, first_admin: first }: ServerFacts): string {
  if (!areOn) return 'off: every user of this machine is an administrator';
  if (first === null) return 'on: llamactl login';
  const { username, password_file: file } = first;
  const password = file === null ? 'from LLAMACTL_ADMIN_PASSWORD' : `in ${file}`;
  return `on: user ${username}, password ${password}`;
}
