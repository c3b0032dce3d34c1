import { describe, expect, it } from 'vitest';
import { configKeys } from './keys.ts';
import { protection } from './protection.ts';

describe('what no request may change', () => {
  const names = configKeys().map(({ name }) => name);
  const protectedBy = (isAuthOn: boolean): string[] =>
    names.filter((name) => protection(name.split('.'), isAuthOn) !== null);

  it('is security alone while accounts are on', () => {
    expect(protectedBy(true)).toEqual(['security.allow_privileged']);
  });

  it('is also what decides which programs run, and who gets in, while they are off', () => {
    expect(protectedBy(false)).toEqual([
      'server.host',
      'server.public_url',
      'server.allowed_hosts',
      'server.allowed_origins',
      'server.trusted_proxies',
      'data_dir',
      'auth.enabled',
      'auth.token_ttl',
      'auth.session_ttl',
      'auth.inference',
      'security.allow_privileged',
      'engines.llama_cpp.command',
      'engines.llama_cpp.args',
      'engines.llama_cpp.environment',
      'engines.vllm.command',
      'engines.vllm.args',
      'engines.vllm.environment',
      'engines.mlx.command',
      'engines.mlx.args',
      'engines.mlx.environment',
      'alerts.webhook',
      'alerts.command',
    ]);
  });
});
