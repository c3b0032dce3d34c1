import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, lchownSync, mkdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConfigSandbox } from '../testing/config-sandbox.ts';
import { ConfigError } from './config-error.ts';
import { configKeys } from './config-keys.ts';

let sandbox: ConfigSandbox;

beforeEach(() => {
  sandbox = new ConfigSandbox();
});
afterEach(() => {
  sandbox.dispose();
});

describe('a configuration of another program', () => {
  const NOT_READ = ', which llamactl does not read. docs/how-to/from-';

  it.each<[string, string, string?]>([
    [
      'models:\n  qwen:\n    cmd: llama-server\n',
      'a configuration of llama-swap',
      '; to take it over: llamactl import llama-swap FILE',
    ],
    [
      'backends:\n  llama-cpp:\n    command: llama-server\n',
      'a configuration of the Go llamactl',
      '; to take it over: llamactl import go-llamactl FILE',
    ],
    ['backend: llama-cpp\nname: qwen\n', 'a model configuration of LocalAI'],
    [
      'FROM ./qwen.gguf\nPARAMETER num_ctx 4096\n',
      'a Modelfile of Ollama',
      '; to make an instance of it: llamactl create',
    ],
    ['FROM qwen3:8b\nTEMPLATE """{{ .Prompt }}: x"""\n', 'a Modelfile of Ollama', '; to make an instance of it: '],
  ])('is recognised, and its keys are not listed: %j', (text, program, rest = NOT_READ) => {
    const file = sandbox.write(join(sandbox.folder, 'other'), text);
    const start = `${file} is ${program}${rest}`;
    expect(() => sandbox.load({ configFile: file })).toThrow(
      expect.objectContaining({ problems: [expect.stringContaining(start)] }),
    );
  });
});

describe('readConfigFile', () => {
  const port = (number: number): string => `server: { port: ${number} }\n`;
  const everywhere = (): Record<'flag' | 'variable' | 'local' | 'home' | 'system', string> => ({
    flag: sandbox.write(join(sandbox.folder, 'flag.yaml'), port(1)),
    variable: sandbox.write(join(sandbox.folder, 'variable.yaml'), port(2)),
    local: sandbox.local(port(3)),
    home: sandbox.inHome(port(4)),
    system: sandbox.inSystem(port(5)),
  });

  it('uses the first of --config, LLAMACTL_CONFIG, the working directory, the home directory and /etc', () => {
    const files = everywhere();
    const environment = { LLAMACTL_CONFIG: files.variable };
    expect(sandbox.load({ configFile: files.flag, environment, searchLocal: true })).toMatchObject({
      file: files.flag,
      config: { server: { port: 1 } },
    });
    expect(sandbox.load({ environment, searchLocal: true })).toMatchObject({
      file: files.variable,
      config: { server: { port: 2 } },
    });
    expect(sandbox.load({ searchLocal: true })).toMatchObject({ file: files.local, config: { server: { port: 3 } } });
    rmSync(files.local);
    expect(sandbox.load({ searchLocal: true })).toMatchObject({ file: files.home, config: { server: { port: 4 } } });
    rmSync(files.home);
    expect(sandbox.load({ searchLocal: true })).toMatchObject({ file: files.system, config: { server: { port: 5 } } });
    rmSync(files.system);
    expect(sandbox.load({ searchLocal: true }).file).toBeNull();
  });

  it('resolves a relative name from the working directory', () => {
    const { flag } = everywhere();
    expect(sandbox.load({ configFile: '../flag.yaml' }).file).toBe(flag);
    expect(sandbox.load({ environment: { LLAMACTL_CONFIG: '../flag.yaml' } }).file).toBe(flag);
  });

  it('searches the working directory only when requested', () => {
    sandbox.local(port(3));
    expect(sandbox.load()).toMatchObject({ file: null, warnings: [] });
  });

  it('treats an empty LLAMACTL_CONFIG as not set', () => {
    expect(sandbox.load({ environment: { LLAMACTL_CONFIG: '' } }).file).toBeNull();
  });

  it('fails when a named file does not exist', () => {
    expect(sandbox.problems({ configFile: 'gone.yaml' })).toEqual([
      expect.stringMatching(/^--config: the configuration file gone\.yaml cannot be read \(no such file or folder\)/),
    ]);
    expect(sandbox.problems({ environment: { LLAMACTL_CONFIG: '/gone.yaml' } })).toEqual([
      expect.stringMatching(
        /^LLAMACTL_CONFIG: the configuration file \/gone\.yaml cannot be read \(no such file or folder\)/,
      ),
    ]);
  });

  it('fails when an existing file cannot be read', () => {
    const path = join(sandbox.home, '.config/llamactl/config.yaml');
    mkdirSync(path, { recursive: true });
    expect(sandbox.problems()).toEqual([
      expect.stringContaining(`The configuration file ${path} cannot be read (it is a folder).`),
    ]);
  });
});

describe('llamactl.yaml in the working directory', () => {
  const searchLocal = true;

  it('is skipped, with the reason, when others can write to it', () => {
    const path = sandbox.local('server: { port: 3 }\n');
    chmodSync(path, 0o664);
    expect(sandbox.load({ searchLocal })).toMatchObject({
      file: null,
      warnings: [`${path} was skipped: others can write to it (mode 0664); chmod go-w would make it count.`],
    });
    chmodSync(path, 0o602);
    expect(sandbox.load({ searchLocal }).file).toBeNull();
    chmodSync(path, 0o644);
    expect(sandbox.load({ searchLocal })).toMatchObject({ file: path, warnings: [] });
  });

  it('is used when our user or root owns it, and skipped when another user does', () => {
    const path = sandbox.local('server: { port: 3 }\n');
    expect(sandbox.load({ searchLocal }).file).toBe(path);
    // Only root can give a file away, and root's own file is used for every user.
    const owner = sandbox.uid === 0 ? 1234 : sandbox.uid;
    if (sandbox.uid === 0) {
      expect(sandbox.load({ searchLocal, uid: 4321 }).file).toBe(path);
      chownSync(path, owner, owner);
      expect(sandbox.load({ searchLocal, uid: owner }).file).toBe(path);
    }
    expect(sandbox.load({ searchLocal, uid: 4321 })).toMatchObject({
      file: null,
      warnings: [`${path} was skipped: it belongs to another user (uid ${owner}).`],
    });
  });

  it('may be our own link, whose target is checked in the same way', () => {
    const target = sandbox.write(join(sandbox.folder, 'elsewhere.yaml'), 'server: { port: 3 }\n');
    symlinkSync(target, join(sandbox.cwd, 'llamactl.yaml'));
    expect(sandbox.load({ searchLocal }).config.server.port).toBe(3);
    chmodSync(target, 0o666);
    expect(sandbox.load({ searchLocal })).toMatchObject({
      file: null,
      warnings: [expect.stringContaining('mode 0666')],
    });
    chmodSync(target, 0o644);
    // Only root can create another user's link, which could lead to any of our files.
    if (sandbox.uid === 0) lchownSync(join(sandbox.cwd, 'llamactl.yaml'), 1234, 1234);
    expect(sandbox.load({ searchLocal }).file === null).toBe(sandbox.uid === 0);
  });

  it('is skipped when it is a folder or a pipe, which could block', () => {
    const path = join(sandbox.cwd, 'llamactl.yaml');
    const skipped = { file: null, warnings: [`${path} was skipped: it is not a regular file.`] };
    mkdirSync(path);
    expect(sandbox.load({ searchLocal })).toMatchObject(skipped);
    rmSync(path, { recursive: true });
    const pipe = join(sandbox.folder, 'pipe');
    execFileSync('/bin/sh', ['-c', 'mkfifo -m 600 "$1"', 'sh', pipe]);
    symlinkSync(pipe, path);
    expect(sandbox.load({ searchLocal })).toMatchObject(skipped);
    rmSync(path);
    renameSync(pipe, path);
    expect(sandbox.load({ searchLocal })).toMatchObject(skipped);
  });
});

describe('a configuration file', () => {
  it('may be empty, or have only comments or sections without a value', () => {
    for (const text of ['', '# nothing\n', 'server:\n  # port: 1\nengines:\n  llama_cpp:\n', 'server:\n  port:\n']) {
      sandbox.inHome(text);
      expect(sandbox.load().config.server.port).toBe(8080);
    }
  });

  it('may give times with units, as a variable may', () => {
    sandbox.inHome('instances: { idle_timeout: 10m, start_timeout: 1h30m }\nstats: { interval: 5s }\n');
    const { config } = sandbox.load({ environment: { LLAMACTL_INSTANCES_STOP_TIMEOUT: '2m' } });
    expect(config.instances).toMatchObject({ idle_timeout: 600, start_timeout: 5_400, stop_timeout: 120 });
    expect(config.stats.interval).toBe(5);
  });

  it.each([
    ['server:\n  prot: 1\n', ':2: server.prot is unknown. Did you mean server.port?'],
    ['\nport: 1\n', ':2: port is unknown. Did you mean server.port?'],
    ['\nprot: 1\n', ':2: prot is unknown. Did you mean server.port?'],
    ['sever: { port: 1 }\n', ':1: sever is unknown. Did you mean server?'],
    ['stats:\n  telemetry: true\n', ':2: stats.telemetry is unknown. Known here: interval.'],
    ['groups:\n  big:\n    pined: true\n', ':3: groups.big.pined is unknown. Did you mean groups.big.pinned?'],
    ['__proto__: { port: 1 }\n', ':1: __proto__ is unknown. Known here: server, data_dir'],
    ['server:\n  port: high\n', ':2: server.port must be a number.'],
    ['server:\n  port: 0\n', ':2: server.port must be at least 1.'],
    ['server:\n  port: 65536\n', ':2: server.port must be at most 65535.'],
    ['server:\n  port: 80.5\n', ':2: server.port must be a whole number.'],
    ['server: 5\n', ':1: server must be a map of keys.'],
    ['server:\n  base_path: llama\n', ':2: server.base_path must start with /.'],
    [
      'server:\n  public_url: host\n',
      ':2: server.public_url must be a URL with its scheme, such as https://host.example.',
    ],
    ['server:\n  allowed_hosts: [a, ""]\n', ':2: server.allowed_hosts.1 must not be empty.'],
    ['auth:\n  token_ttl: soon\n', ':2: auth.token_ttl must be seconds or a number with s, m, h or d.'],
    ['auth:\n  token_ttl: 0s\n', ':2: auth.token_ttl must be at least 1 second and at most 3650 days.'],
    ['auth:\n  session_ttl: 0s\n', ':2: auth.session_ttl must be at least 1 second and at most 3650 days.'],
    ['auth:\n  session_ttl: 0.5\n', ':2: auth.session_ttl must be at least 1 second and at most 3650 days.'],
    ['auth:\n  session_ttl: 3651d\n', ':2: auth.session_ttl must be at least 1 second and at most 3650 days.'],
    ['auth:\n  session_ttl: 99999999999d\n', ':2: auth.session_ttl must be at least 1 second and at most 3650 days.'],
    ['auth:\n  inference: closed\n', ':2: auth.inference must be required or open.'],
    ['rate_limit:\n  enabled: "yes"\n', ':2: rate_limit.enabled must be true or false.'],
    ['instances:\n  port_range: [9, 8]\n', ':2: instances.port_range must go from the lower to the higher port.'],
    ['instances:\n  port_range: [9]\n', ':2: instances.port_range must have at least 2 entries.'],
    ['instances:\n  port_range: 9\n', ':2: instances.port_range must be a list of two numbers.'],
    [
      'engines:\n  llama_cpp:\n    args: [--threads, 4]\n',
      ':3: engines.llama_cpp.args.1 must be text: put it in quotes.',
    ],
    ['engines:\n  mine:\n    kind: custom\n', ':2: engines.mine.command is missing.'],
    ['models:\n  dirs: [~]\n', ':2: models.dirs.0 must be text: put it in quotes.'],
    ['models:\n  dirs: ~/models\n', ':2: models.dirs must be a list, such as [a, b].'],
    [
      'instances:\n  idle_timeout: 5 minutes\n',
      ':2: instances.idle_timeout must be seconds, or a time such as 90s, 10m or 1h30m; 0 means never.',
    ],
    ['instances:\n  idle_timeout: true\n', ':2: instances.idle_timeout must be seconds, or a time such as 90s, 10m'],
    ['instances:\n  idle_timeout: -1\n', ':2: instances.idle_timeout must be at least 0.'],
    ['instances:\n  stop_timeout: 2d\n', ':2: instances.stop_timeout must be at most 86400.'],
    ['server:\n  host: 127.0.0.1:11434\n', ':2: server.host has a port; that is another key, server.port.'],
    ['- server\n', ': must be a map of sections, such as "server:", not a single value or a list.'],
    ['server: {}\nserver: {}\n', ':2: Map keys must be unique.'],
    ['server: [\n', ':2: '],
    ['a: 1\n---\nb: 1\n', ':2: Source contains multiple documents'],
    ['server: !!js/function x\n', ':1: Unresolved tag: '],
    ['server: *nowhere\n', ': Unresolved alias'],
  ])('%j is refused with its line and a suggestion', (text, expected) => {
    const path = sandbox.inHome(text);
    expect(sandbox.problems()).toContainEqual(expect.stringContaining(path + expected));
  });

  it('is refused for a misspelt engine, which would count as a custom one', () => {
    const path = sandbox.inHome('engines:\n  llamacpp:\n    command: /opt/llama-server\n');
    expect(sandbox.problems()).toEqual([
      `${path}:2: engines.llamacpp is not a known engine. Did you mean llama_cpp? A custom engine needs "kind: custom".`,
    ]);
  });

  it('is refused with all problems at once, including variables and flags', () => {
    const path = sandbox.inHome('server:\n  port: 0\n  hots: x\nstats: { interval: 0 }\n');
    const request = {
      environment: { LLAMACTL_INSTANCES_MAX_RESTARTS: 'many' },
      overrides: { 'rate_limit.regular': '0' },
    };
    expect(sandbox.problems(request).toSorted()).toEqual(
      [
        'LLAMACTL_INSTANCES_MAX_RESTARTS: instances.max_restarts must be a number.',
        'command line: rate_limit.regular must be at least 1.',
        `${path}:2: server.port must be at least 1.`,
        `${path}:3: server.hots is unknown. Did you mean server.host?`,
        `${path}:4: stats.interval must be at least 0.1.`,
      ].toSorted(),
    );
    expect(() => sandbox.load(request)).toThrow(sandbox.problems(request).join('\n'));
  });

  it('always gives a result or a ConfigError, whatever its content', () => {
    const key = fc.constantFrom(...configKeys().flatMap(({ path }) => [...path]), '__proto__', 'x', '');
    const document = fc.letrec((tie) => ({
      value: fc.oneof({ maxDepth: 4 }, fc.jsonValue({ maxDepth: 1 }), fc.dictionary(key, tie('value'), { maxKeys: 4 })),
    })).value;
    fc.assert(
      fc.property(
        fc.oneof(
          document.map((value) => JSON.stringify(value)),
          fc.string(),
        ),
        (text) => {
          sandbox.inHome(text);
          try {
            expect(sandbox.load().config.server.port).toBeGreaterThan(0);
          } catch (error) {
            expect(error).toBeInstanceOf(ConfigError);
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});
