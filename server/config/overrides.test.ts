import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConfigSandbox } from '../testing/config-sandbox.ts';
import { configKeys } from './config-keys.ts';
import type { ConfigKey } from './config-keys.ts';

let sandbox: ConfigSandbox;

beforeEach(() => {
  sandbox = new ConfigSandbox();
});
afterEach(() => {
  sandbox.dispose();
});

describe('fromEnvironment', () => {
  /** As text, a value of the key other than its default. */
  function another(key: ConfigKey): string {
    const special: Record<string, string> = {
      'server.host': '127.0.0.2',
      'server.base_path': '/llama',
      'server.trusted_proxies': '192.0.2.7, 10.0.0.0/8',
      'auth.token_ttl': '1h',
      'auth.session_ttl': '1h',
      'auth.inference': 'open',
      'instances.idle_timeout': '1h30m',
      'instances.start_timeout': '5m',
      'instances.stop_timeout': '7',
      'stats.interval': '7s',
      'gateway.loading_keepalive': '7',
      'memory.admission': 'off',
    };
    const ordinary = { number: '7', numbers: '5000,5001', list: 'https://a.example, https://b.example' };
    if (key.kind === 'boolean') return String(!valueOf(sandbox.load().config, key));
    return special[key.name] ?? (key.kind in ordinary ? ordinary[key.kind as 'number'] : 'https://host.example');
  }

  const valueOf = (config: unknown, { path }: ConfigKey): unknown =>
    path.reduce((value, step) => (value as Record<string, unknown>)[step], config);

  it('sets every key that is neither a map nor restricted to the file', () => {
    const notByVariable = new Set(['security.allow_privileged', 'auth.enabled']);
    const settable = configKeys().filter(({ name, kind }) => kind !== 'map' && !notByVariable.has(name));
    expect(settable.length).toBeGreaterThan(30);
    for (const key of settable) {
      const { config } = sandbox.load({ environment: { [key.variable]: another(key) } });
      expect(valueOf(config, key)).not.toEqual(valueOf(sandbox.load().config, key));
    }
  });

  it('parses numbers, booleans and lists', () => {
    const { config } = sandbox.load({
      environment: {
        LLAMACTL_STATS_INTERVAL: '0.5',
        LLAMACTL_INSTANCES_AUTO_RESTART: 'off',
        LLAMACTL_INSTANCES_PORT_RANGE: '5000,5001',
        LLAMACTL_MODELS_DIRS: '["/a,b"]',
        LLAMACTL_ENGINES_LLAMA_CPP_ARGS: '--threads, 4',
      },
    });
    expect(config.stats.interval).toBe(0.5);
    expect(config.instances).toMatchObject({ auto_restart: false, port_range: [5000, 5001] });
    expect(config.models.dirs).toEqual(['/a,b']);
    expect(config.engines.llama_cpp.args).toEqual(['--threads', '4']);
  });

  it.each([
    ['LLAMACTL_SERVER_PROT', '1', 'no variable of this name is known. Did you mean LLAMACTL_SERVER_PORT?'],
    ['LLAMACTL_PORT', '1', 'no variable of this name is known. Did you mean LLAMACTL_SERVER_PORT?'],
    ['LLAMACTL_TOKEN_TTL', '1', 'no variable of this name is known. Did you mean LLAMACTL_AUTH_TOKEN_TTL?'],
    ['LLAMACTL_CONFIGS', '1', 'no variable of this name is known. Did you mean LLAMACTL_CONFIG?'],
    ['LLAMACTL_ZZZZZZZZZZZZZZZ', '1', 'no variable of this name is known. Unset it; docs/configuration.md lists all.'],
    [
      'LLAMACTL_DATA_DIRECTORY',
      '/d',
      'a variable of the Go llamactl; its counterpart is LLAMACTL_DATA_DIR. docs/how-to/from-go-llamactl.md has all settings.',
    ],
    ['LLAMACTL_SERVER_PORT', '99999', 'server.port must be at most 65535.'],
    ['LLAMACTL_SERVER_PORT', '', 'server.port must be a number.'],
    [
      'LLAMACTL_SERVER_PORT',
      '6666',
      'server.port is a port that browsers and other HTTP clients refuse; choose another, such as 8080.',
    ],
    [
      'LLAMACTL_SERVER_ALLOWED_ORIGINS',
      'https://a.example,b',
      'server.allowed_origins.1 must be a URL with its scheme, such as https://host.example.',
    ],
    [
      'LLAMACTL_ALERTS_WEBHOOK',
      'ftp://host.example/',
      'alerts.webhook must be an http or https URL, such as https://host.example.',
    ],
    ['LLAMACTL_GROUPS', '{}', 'groups is a map, which only the configuration file can set.'],
    [
      'LLAMACTL_SERVER_PORT_FILE',
      '/x',
      'only secrets are read from a file. Set LLAMACTL_SERVER_PORT to the value itself.',
    ],
  ])('refuses %s=%s', (name, value, expected) => {
    expect(sandbox.problems({ environment: { [name]: value } })).toEqual([`${name}: ${expected}`]);
  });

  it('ignores the variables of the command line, of engines and of tests', () => {
    const names = ['CONFIG', 'URL', 'TOKEN', 'ADMIN_PASSWORD', 'RUN', 'ALERT_STATE', 'TEST_ENGINE'].map(
      (name) => `LLAMACTL_${name}`,
    );
    const environment = Object.fromEntries(names.map((name) => [name, '']));
    expect(sandbox.load({ environment: { ...environment, PATH: '/bin', LLAMA_ARG_PORT: '1' } }).config).toEqual(
      sandbox.load().config,
    );
  });

  it('reads a secret from a file, without the line feed at its end', () => {
    sandbox.write(join(sandbox.cwd, 'token'), 'hf_secret\n');
    const webhook = sandbox.write(join(sandbox.folder, 'webhook'), 'https://host.example/hook\r\n');
    const { config } = sandbox.load({
      environment: { LLAMACTL_MODELS_HF_TOKEN_FILE: 'token', LLAMACTL_ALERTS_WEBHOOK_FILE: webhook },
    });
    expect(config.models.hf_token).toBe('hf_secret');
    expect(config.alerts.webhook).toBe('https://host.example/hook');
  });

  it("refuses a secret's file that is unreadable, or set together with the secret", () => {
    expect(sandbox.problems({ environment: { LLAMACTL_MODELS_HF_TOKEN_FILE: '/gone' } })).toEqual([
      expect.stringMatching(/^LLAMACTL_MODELS_HF_TOKEN_FILE: \/gone cannot be read \(no such file or folder\)/),
    ]);
    expect(
      sandbox.problems({
        environment: { LLAMACTL_MODELS_HF_TOKEN_FILE: '/gone', LLAMACTL_MODELS_HF_TOKEN: 'hf_secret' },
      }),
    ).toEqual(['LLAMACTL_MODELS_HF_TOKEN_FILE: LLAMACTL_MODELS_HF_TOKEN is set too. Set only one of them.']);
  });
});

describe('fromFlags', () => {
  it('are named in the error when they override a variable with a wrong value', () => {
    const request = { environment: { LLAMACTL_SERVER_PORT: '1' }, overrides: { 'server.port': '0' } };
    expect(sandbox.problems(request)).toEqual(['command line: server.port must be at least 1.']);
  });

  it('sets keys, and refuses a wrong name or value', () => {
    expect(sandbox.load({ overrides: { 'server.port': '9000' } }).config.server.port).toBe(9000);
    expect(sandbox.problems({ overrides: { 'server.prot': '9000' } })).toEqual([
      'command line: server.prot is not a key of the configuration. Did you mean server.port?',
    ]);
    expect(sandbox.problems({ overrides: { 'server.port': 'x' } })).toEqual([
      'command line: server.port must be a number.',
    ]);
  });
});

describe('security.allow_privileged', () => {
  it('can be set in the file', () => {
    sandbox.inHome('security: { allow_privileged: true }\n');
    expect(sandbox.load().config.security.allow_privileged).toBe(true);
  });

  it.each(['true', 'false'])('is refused from a variable or a flag, also as %s', (value) => {
    const sentence = 'security.allow_privileged can be set in the configuration file only.';
    expect(sandbox.problems({ environment: { LLAMACTL_SECURITY_ALLOW_PRIVILEGED: value } })).toEqual([
      `LLAMACTL_SECURITY_ALLOW_PRIVILEGED: ${sentence}`,
    ]);
    expect(sandbox.problems({ overrides: { 'security.allow_privileged': value } })).toEqual([
      `command line: ${sentence}`,
    ]);
  });
});
