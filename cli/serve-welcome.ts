import type { Style } from './style.ts';

/** What a server is, once it listens. */
export interface ServerFacts {
  version: string;
  url: string;
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

/** The same in five lines, for whoever started it by hand. */
export function welcomeLines(
  facts: ServerFacts,
  { stopEngines, style }: { stopEngines: boolean; style: Style },
): string[] {
  const { version, url, gateway, configuration, data_dir: data } = facts;
  const line = (title: string, text: string): string => `  ${style.faint(title.padEnd(13))}  ${text}`;
  return [
    `llamactl ${version} listens on ${style.strong(url)} (its API as a page: /docs)`,
    line('for clients', `${gateway} is the base URL for OpenAI clients`),
    line('configuration', `${configuration ?? 'none, all defaults'}; data in ${data}`),
    line('accounts', accounts(facts)),
    line('Ctrl-C', `ends it${stopEngines ? ' and its engines' : '; engines go on running'}`),
  ];
}

/** Who gets in, and how the first person does. */
function accounts({ accounts: areOn, first_admin: first }: ServerFacts): string {
  if (!areOn) return 'off: whoever is on this machine is an administrator';
  if (first === null) return 'on: llamactl login';
  const { username, password_file: file } = first;
  const password = file === null ? 'that of LLAMACTL_ADMIN_PASSWORD' : `in ${file}`;
  return `on: user ${username}, password ${password}`;
}
