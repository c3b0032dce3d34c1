import type { Config } from '@llamactl/contract/config';
import type { ConfigProblem } from './issues.ts';
import { isLoopbackHost } from './loopback.ts';

/** Checks rules that involve several keys. */
export function brokenRules(config: Config): ConfigProblem[] {
  const { host } = config.server;
  if (config.auth.enabled || isLoopbackHost(host)) return [];
  return [
    {
      path: ['server', 'host'],
      words:
        `is ${host}, which other machines may reach, and everybody would be an administrator: set auth.enabled: true ` +
        '(with auth.inference: open, /v1 works without keys), or use 127.0.0.1 and a tunnel such as ssh -L.',
    },
  ];
}
