import type { Config } from '@llamactl/contract/config';
import type { ConfigProblem } from './issues.ts';
import { isLoopbackHost } from './loopback.ts';

/** Rules that no single key can keep alone, or that hold only for this version. */
export function brokenRules(config: Config): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const { host } = config.server;
  if (config.auth.enabled) {
    // Taking it for granted and letting everybody in would be worse than not starting.
    problems.push({
      path: ['auth', 'enabled'],
      words:
        'is true, but accounts are not built yet in this version: leave it false and keep server.host on loopback.',
    });
  } else if (!isLoopbackHost(host)) {
    problems.push({
      path: ['server', 'host'],
      words:
        `is ${host}, which other machines may reach. That needs auth.enabled, and accounts are not built yet ` +
        'in this version: use 127.0.0.1, and a tunnel such as ssh -L from elsewhere.',
    });
  }
  return problems;
}

/**
 * Keys that are accepted and checked, but that nothing reads yet in this version. Whoever sets one is told; what is
 * built leaves the list.
 */
export const WITHOUT_EFFECT: ReadonlySet<string> = new Set([
  'server.trusted_proxies',
  'auth.token_ttl',
  'auth.inference',
  'rate_limit.enabled',
  'rate_limit.regular',
  'rate_limit.intensive',
  'instances.max_running',
  'instances.idle_timeout',
  'groups',
  'engines.vllm.command',
  'engines.vllm.args',
  'engines.vllm.environment',
  'engines.mlx.command',
  'engines.mlx.args',
  'engines.mlx.environment',
  'models.hf_token',
  'gateway.loading_keepalive',
  'gateway.aliases_in_models',
  'alerts.webhook',
  'alerts.command',
]);
