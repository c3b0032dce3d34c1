import { describe, expect, it } from 'vitest';
import { configKeys } from './config-keys.ts';
import { protection } from './protection.ts';
import type { ConfigEditorRights } from './protection.ts';

const PRIVILEGED = [
  'data_dir',
  'engines.llama_cpp.command',
  'engines.llama_cpp.args',
  'engines.llama_cpp.environment',
  'engines.vllm.command',
  'engines.vllm.args',
  'engines.vllm.environment',
  'engines.mlx.command',
  'engines.mlx.args',
  'engines.mlx.environment',
  'models.dirs',
  'models.cache_dir',
  'alerts.command',
];
const NEEDS_AUTH = [
  'server.host',
  'server.public_url',
  'server.allowed_hosts',
  'server.allowed_origins',
  'server.trusted_proxies',
  'auth.enabled',
  'auth.token_ttl',
  'auth.session_ttl',
  'auth.inference',
  'models.hf_endpoint',
  'models.modelscope_endpoint',
  'models.ollama_endpoint',
  'models.docker_endpoint',
  'alerts.webhook',
];

describe('protection', () => {
  const names = configKeys().map(({ name }) => name);
  const protectedFrom = (rights: ConfigEditorRights): string[] =>
    names.filter((name) => protection(name.split('.'), rights) !== null).toSorted();
  const and = (...lists: string[][]): string[] => [...lists.flat(), 'security.allow_privileged'].toSorted();

  it('refuses requests for security, and for programs, arguments, environment or folders', () => {
    expect(protectedFrom({ isAuthOn: true, allowsPrivileged: false })).toEqual(and(PRIVILEGED));
  });

  it('refuses fewer keys where privileges are allowed', () => {
    expect(protectedFrom({ isAuthOn: true, allowsPrivileged: true })).toEqual(and());
    expect(protectedFrom({ isAuthOn: false, allowsPrivileged: true })).toEqual(and(NEEDS_AUTH));
  });

  it('refuses more keys while accounts are off: those for access and credentials', () => {
    expect(protectedFrom({ isAuthOn: false, allowsPrivileged: false })).toEqual(and(PRIVILEGED, NEEDS_AUTH));
  });

  it('refuses only security to the user of the machine', () => {
    expect(protectedFrom('machine user')).toEqual(and());
  });

  it.each([
    ['engines'],
    ['engines', 'mine'],
    ['engines', 'mine', 'api_key_env'],
    ['alerts', 'command', '0'],
    ['models', 'dirs', '0'],
  ])('includes the keys above and below: %s %s', (...path) => {
    expect(protection(path, { isAuthOn: true, allowsPrivileged: false })).toContain('it names programs');
  });
});
