import type { Style } from '../screen/style.ts';
import type { BackgroundServer } from './background-server.ts';
import { addressForOthers, rowIn } from './serve-welcome.ts';

/** The message about a server in the background for a person. @param version Of this program. */
export function backgroundLines(
  { isNew, pid, version: running, url, loaded, log, passwordFile, stop, stopsEngines }: BackgroundServer,
  { version, style }: { version: string; style: Style },
): string[] {
  const { config, file } = loaded;
  const row = rowIn(style);
  const forOthers = addressForOthers(config.server, url);
  const already = isNew ? 'listens on' : 'is running already, on';
  return [
    `llamactl ${running} ${already} ${style.strong(url)} (process ${pid})`,
    row('for clients', `${url}/v1 is the base URL for OpenAI clients`),
    row('reference', `${url}/docs is the API as a page`),
    ...(forOthers === null ? [] : [row('elsewhere', `${forOthers}, for clients ${forOthers}/v1`)]),
    row('configuration', `${file ?? 'no file, only defaults'}; data in ${config.data_dir}`),
    row('accounts', accounts(config.auth.enabled, passwordFile)),
    ...(log === null ? [] : [row('log', log)]),
    ...(running === version ? [] : [row('version', `llamactl reload replaces it by ${version}`)]),
    row('stop it', `${stop}${stopsEngines ? '' : '; engines keep running'}`),
  ];
}

function accounts(areOn: boolean, passwordFile: string | null): string {
  if (!areOn) return 'off: every user of this machine is an administrator';
  return passwordFile === null ? 'on: llamactl login' : `on: user admin, password in ${passwordFile}`;
}
