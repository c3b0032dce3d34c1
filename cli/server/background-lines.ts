import type { Style } from '../screen/style.ts';
import type { BackgroundServer } from './background-server.ts';
import { addressForOthers, lineIn, numericAddress } from './serve-welcome.ts';

/**
 * The message about a server in the background for a person.
 *
 * @param version Of this program.
 * @param ignored Variables of Ollama that are set and have no effect, for a line about a new server; `null`: none is set.
 */
export function backgroundLines(
  { isNew, pid, version: running, url, loaded, isUsual, log, stop, stopsEngines, ...password }: BackgroundServer,
  { version, style, ignored }: { version: string; style: Style; ignored: string | null },
): string[] {
  const { config, file } = loaded;
  const line = lineIn(style);
  const forOthers = addressForOthers(config.server, url);
  const numeric = numericAddress(config.server, url);
  const already = isNew ? 'listens on' : 'is running already, on';
  return [
    `llamactl ${running} ${already} ${style.strong(url)} (process ${pid})`,
    line('for clients', `${url}/v1 is the base URL for OpenAI clients`),
    line('web page', `${url}/, API at ${url}/docs`),
    ...(forOthers === null ? [] : [line('elsewhere', `${forOthers}, for clients ${forOthers}/v1`)]),
    ...(numeric === null ? [] : [line('or', `${numeric}, if that name is unknown there`)]),
    line('configuration', `${file ?? 'no file, only defaults'}; data in ${config.data_dir}`),
    line('accounts', accounts(config.auth.enabled, password)),
    ...(log === null ? [] : [line('log', log)]),
    ...(running === version ? [] : [line('version', `llamactl reload replaces it by ${version}`)]),
    ...(isUsual ? [] : [line('commands', `find it with --url ${url}`)]),
    ...(isNew && ignored !== null ? [line('no effect', ignored)] : []),
    line('stop it', `${stop}${stopsEngines ? '' : '; engines keep running'}`),
  ];
}

function accounts(
  areOn: boolean,
  { passwordFile, isPasswordNew }: Pick<BackgroundServer, 'passwordFile' | 'isPasswordNew'>,
): string {
  if (!areOn) return 'off: every user of this machine is an administrator';
  if (passwordFile === null) return 'on: llamactl login';
  return isPasswordNew
    ? `on: user admin, password in ${passwordFile}`
    : `on: llamactl login; the password of admin, unless it was changed, is in ${passwordFile}`;
}
