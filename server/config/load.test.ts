import { dirname, join } from 'node:path';
import { ConfigSchema, WITHOUT_EFFECT } from '@llamactl/contract/config';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConfigSandbox } from '../testing/config-sandbox.ts';
import { configKeys } from './config-keys.ts';

let sandbox: ConfigSandbox;

beforeEach(() => {
  sandbox = new ConfigSandbox();
});
afterEach(() => {
  sandbox.dispose();
});

describe('loadConfig', () => {
  it('merges default < file < environment < flag, key by key', () => {
    sandbox.inHome('server: { host: 127.0.0.2, port: 1111, base_path: /file }\n');
    const { config } = sandbox.load({
      environment: { LLAMACTL_SERVER_PORT: '2222', LLAMACTL_SERVER_BASE_PATH: '/environment' },
      overrides: { 'server.base_path': '/flag' },
    });
    expect(config.server).toMatchObject({ public_url: '', host: '127.0.0.2', port: 2222, base_path: '/flag' });
  });

  it('uses the defaults when nothing is set', () => {
    const defaults = ConfigSchema.parse({});
    const { origin, ...loaded } = sandbox.load();
    expect(origin.file).toBeNull();
    expect(loaded).toEqual({
      config: {
        ...defaults,
        data_dir: join(sandbox.home, '.local/share/llamactl'),
        models: { ...defaults.models, dirs: [join(sandbox.home, 'models')] },
      },
      file: null,
      warnings: [],
    });
  });

  it('reports problems in the order of their lines', () => {
    const path = sandbox.inHome('server:\n  prot: 1\n  host: 3\nfoo: 1\n');
    const places = sandbox.problems().map((problem) => problem.split(': ')[0]);
    expect(places).toEqual([`${path}:2`, `${path}:3`, `${path}:4`]);
  });

  it('accepts a wrong value in the file that another source overrides', () => {
    sandbox.inHome('server: { port: none }\n');
    expect(sandbox.load({ environment: { LLAMACTL_SERVER_PORT: '2222' } }).config.server.port).toBe(2222);
  });
});

describe('rules over several keys', () => {
  it.each(['127.0.0.1', '127.3.2.1', '::1', 'localhost'])('%s needs no accounts', (host) => {
    expect(sandbox.load({ overrides: { 'server.host': host } }).config.server.host).toBe(host);
  });

  it.each(['0.0.0.0', '::', '192.168.1.5', 'gpu-box'])('%s needs accounts', (host) => {
    const path = sandbox.inHome(`server:\n  host: "${host}"\n`);
    expect(sandbox.problems()).toEqual([
      expect.stringContaining(`${path}:2: server.host is ${host}, which other machines may reach`),
    ]);
    sandbox.inHome(`server:\n  host: "${host}"\nauth:\n  enabled: true\n`);
    expect(sandbox.load().config.server.host).toBe(host);
  });
});

describe('paths', () => {
  it('start at home with a tilde, at the file in the file, and otherwise at the working directory', () => {
    const path = sandbox.inHome(
      'data_dir: ~/data\nmodels: { dirs: ["~", ~/m, m, /m] }\nengines: { llama_cpp: { command: ~/bin/llama-server }, mine: { kind: custom, command: ./run } }\n',
    );
    const { config } = sandbox.load({ environment: { LLAMACTL_ENGINES_MLX_COMMAND: './mlx' } });
    expect(config.data_dir).toBe(join(sandbox.home, 'data'));
    expect(config.models.dirs).toEqual([sandbox.home, join(sandbox.home, 'm'), join(dirname(path), 'm'), '/m']);
    expect(config.engines.llama_cpp.command).toBe(join(sandbox.home, 'bin/llama-server'));
    expect(config.engines['mine']?.command).toBe(join(dirname(path), 'run'));
    expect(config.engines.mlx.command).toBe(join(sandbox.cwd, 'mlx'));
    expect(sandbox.load({ overrides: { data_dir: 'here' } }).config.data_dir).toBe(join(sandbox.cwd, 'here'));
  });

  it('do not include a bare command, which is searched on PATH', () => {
    expect(sandbox.load().config.engines.llama_cpp.command).toBe('llama-server');
  });
});

describe('keys without effect', () => {
  it('are named when they are changed', () => {
    sandbox.inHome('engines: { vllm: { args: [] }, mlx: { args: [] } }\n');
    expect(sandbox.load({ overrides: { 'engines.mlx.command': 'x', 'server.port': '9000' } }).warnings).toEqual([
      'Set, but without effect in this version: engines.vllm.args, engines.mlx.command.',
    ]);
  });

  it('are keys of the configuration', () => {
    const names = configKeys().map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining([...WITHOUT_EFFECT]));
  });
});
