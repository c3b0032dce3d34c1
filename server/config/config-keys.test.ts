import { describe, expect, it } from 'vitest';
import { configKeys, isKnownKey, isSecretPath, keysBelow } from './config-keys.ts';

const keys = configKeys();
const key = (name: string) => keys.find((one) => one.name === name);

describe('configKeys', () => {
  it('derives a variable from section and key', () => {
    expect(key('server.port')?.variable).toBe('LLAMACTL_SERVER_PORT');
    expect(key('data_dir')?.variable).toBe('LLAMACTL_DATA_DIR');
    expect(key('engines.llama_cpp.command')?.variable).toBe('LLAMACTL_ENGINES_LLAMA_CPP_COMMAND');
  });

  it('gives each key its own variable, none ending like the file of a secret', () => {
    const variables = keys.map((one) => one.variable);
    expect(new Set(variables).size).toBe(variables.length);
    expect(variables.filter((variable) => variable.endsWith('_FILE'))).toEqual([]);
  });

  it.each([
    ['server.host', 'text'],
    ['server.public_url', 'text'],
    ['auth.token_ttl', 'text'],
    ['auth.inference', 'text'],
    ['server.port', 'number'],
    ['stats.interval', 'text'],
    ['logs.max_size_mb', 'number'],
    ['rate_limit.enabled', 'boolean'],
    ['server.allowed_hosts', 'list'],
    ['instances.port_range', 'numbers'],
    ['groups', 'map'],
    ['presets', 'map'],
    ['engines.vllm.environment', 'map'],
  ])('has the kind of %s: %s', (name, kind) => {
    expect(key(name)?.kind).toBe(kind);
  });

  it('marks the secrets', () => {
    expect(keys.filter((one) => one.isSecret).map((one) => one.name)).toEqual(['models.hf_token', 'alerts.webhook']);
  });
});

describe('keysBelow', () => {
  it('returns the keys of a section, also of one named by a user', () => {
    expect(keysBelow([])).toContain('data_dir');
    expect(keysBelow(['stats'])).toEqual(['interval']);
    expect(keysBelow(['groups', 'mine'])).toEqual(['max_running', 'exclusive', 'pinned']);
    expect(keysBelow(['engines', 'mine'])).toContain('kind');
    expect(keysBelow(['groups'])).toEqual([]);
    expect(keysBelow(['server', 'port'])).toEqual([]);
  });
});

describe('isKnownKey', () => {
  it.each([
    'server',
    'server.port',
    'groups.mine',
    'groups.mine.pinned',
    'engines.mine.args',
    'presets.mine.request_defaults.template.think',
    'engines.mlx.environment.A',
  ])('returns true for %s', (name) => {
    expect(isKnownKey(name.split('.'))).toBe(true);
  });

  it.each(['port', 'server.prot', 'groups.mine.pined', 'server.port.x', 'constructor'])('says no to %s', (name) => {
    expect(isKnownKey(name.split('.'))).toBe(false);
  });
});

describe('isSecretPath', () => {
  it('includes secret keys and the variables of any engine', () => {
    const paths = ['models.hf_token', 'alerts.webhook', 'engines.mlx.environment.A', 'engines.mine.environment.A'];
    expect(paths.filter((path) => isSecretPath(path.split('.')))).toEqual(paths);
    expect(isSecretPath(['engines', 'mlx', 'environment'])).toBe(false);
    expect(isSecretPath(['server', 'port'])).toBe(false);
  });
});
