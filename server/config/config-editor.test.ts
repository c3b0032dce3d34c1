import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { AuditChange } from '@llamactl/contract/auth';
import { ConfigSchema, ConfigViewSchema, ConfigWrittenSchema } from '@llamactl/contract/config';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CONFIG_FILE, ConfigSandbox, refusalOf } from '../testing/config-sandbox.ts';

let sandbox: ConfigSandbox;

beforeEach(() => {
  sandbox = new ConfigSandbox();
});
afterEach(() => {
  sandbox.dispose();
});

const read = (path: string): string => readFileSync(path, 'utf8');

describe('ConfigEditor.view', () => {
  it('shows the configuration of the next start, with paths as written and masked secrets', async () => {
    const path = sandbox.inHome(CONFIG_FILE);
    const view = await sandbox.editor().view();
    expect(ConfigViewSchema.parse(view)).toEqual(view);
    expect(view).toMatchObject({
      config: {
        server: { host: '127.0.0.1', port: 9000, base_path: '/llm' },
        data_dir: '~/.local/share/llamactl',
        models: { dirs: ['~/m', '/srv/m'], hf_token: '***' },
        engines: {
          llama_cpp: { environment: { HF_HOME: '***', EMPTY: '' } },
          mine: { command: './serve', health_path: '/health' },
        },
        alerts: { webhook: '***' },
      },
      file: path,
      restart_required: false,
      pending: [],
    });
    expect(view).not.toHaveProperty('problem');
    expect(JSON.stringify(view)).not.toMatch(/hf_secret|host\.example|"\/x"/);
    expect(
      (await sandbox.editor({ configFile: sandbox.write(join(sandbox.folder, 'empty.yaml'), '') }).view()).config,
    ).toEqual(ConfigSchema.parse({}));
  });

  it('reports the source of each value', async () => {
    sandbox.inHome(CONFIG_FILE);
    const editor = sandbox.editor({
      environment: { LLAMACTL_STATS_INTERVAL: '1', LLAMACTL_SERVER_HOST: '::1' },
      overrides: { 'server.host': '127.0.0.2', data_dir: '/data' },
    });
    const { sources } = await editor.view();
    expect(sources).toMatchObject({
      'server.port': { from: 'file', line: 3 },
      'server.host': { from: 'flag', name: '--host' },
      data_dir: { from: 'flag', name: '--data-dir' },
      'stats.interval': { from: 'environment', name: 'LLAMACTL_STATS_INTERVAL' },
      'models.dirs': { from: 'file', line: 7 },
      'engines.llama_cpp.command': { from: 'default' },
      'engines.llama_cpp.environment.HF_HOME': { from: 'file', line: 13 },
      'engines.mine.command': { from: 'file', line: 16 },
      'engines.mine.health_path': { from: 'default' },
      'instances.auto_restart': { from: 'default' },
      groups: { from: 'default' },
    });
    expect(Object.keys(sources)).not.toContain('server');
  });

  it("names a secret's variable that was set", async () => {
    const file = sandbox.write(join(sandbox.folder, 'token'), 'hf_other\n');
    const { config, sources } = await sandbox.editor({ environment: { LLAMACTL_MODELS_HF_TOKEN_FILE: file } }).view();
    expect(config.models.hf_token).toBe('***');
    expect(sources['models.hf_token']).toEqual({ from: 'environment', name: 'LLAMACTL_MODELS_HF_TOKEN_FILE' });
  });

  it('reports what a restart would apply after the file was edited by hand, or appeared', async () => {
    const editor = sandbox.editor({ environment: { LLAMACTL_STATS_INTERVAL: '1' } });
    expect(await editor.view()).toMatchObject({ file: null, restart_required: false });
    const path = sandbox.inHome('server: { port: 9001 }\nstats: { interval: 5 }\ngroups: { big: { pinned: true } }\n');
    expect(await editor.view()).toMatchObject({
      config: { server: { port: 9001 }, stats: { interval: 1 } },
      file: path,
      restart_required: true,
      pending: ['server.port', 'groups.big.pinned'],
    });
  });

  it.each([
    ['server: { prot: 1 }\n', ':1: server.prot is unknown. Did you mean server.port?'],
    ['server: [\n', ':2: '],
    [
      'server: { host: 0.0.0.0 }\n',
      ':1: server.host is 0.0.0.0, which other machines may reach, and everybody would be an administrator',
    ],
  ])('shows the running configuration and the problem of an unusable file: %j', async (text, problem) => {
    const path = sandbox.inHome(CONFIG_FILE);
    const editor = sandbox.editor();
    const before = await editor.view();
    writeFileSync(path, text);
    const view = await editor.view();
    expect(view).toEqual({ ...before, problem: view.problem });
    expect(view.problem).toContain(path + problem);
  });

  it('reports that a named file is gone', async () => {
    const configFile = sandbox.write(join(sandbox.folder, 'x.yaml'), CONFIG_FILE);
    const editor = sandbox.editor({ configFile });
    rmSync(configFile);
    expect(await editor.view()).toMatchObject({
      file: configFile,
      config: { server: { port: 9000 } },
      problem: expect.stringMatching(
        /--config: the configuration file .*x\.yaml cannot be read \(no such file or folder\)/,
      ) as string,
    });
  });
});

describe('ConfigEditor.update', () => {
  it('writes a time as the user gave it, and answers with its seconds', async () => {
    const path = sandbox.inHome(CONFIG_FILE);
    const written = await sandbox.editor().update({ instances: { idle_timeout: '1h30m' } });
    expect(written).toMatchObject({
      changed: ['instances.idle_timeout'],
      config: { instances: { idle_timeout: 5_400 } },
    });
    expect(read(path)).toContain('idle_timeout: 1h30m');
    expect(sandbox.load().config.instances.idle_timeout).toBe(5_400);
  });

  it('changes only the line of its key', async () => {
    const path = sandbox.inHome(CONFIG_FILE);
    const editor = sandbox.editor();
    const written = await editor.update({ server: { port: 9001 } });
    expect(ConfigWrittenSchema.parse(written)).toEqual(written);
    expect(written).toMatchObject({
      message: 'Configuration updated; server.port takes effect when llamactl restarts; a reload is not enough',
      restart_required: true,
      changed: ['server.port'],
      config: { server: { port: 9001, base_path: '/llm' }, models: { hf_token: '***' } },
    });
    expect(read(path)).toBe(CONFIG_FILE.replace('port: 9000 #', 'port: 9001 #'));
    expect(await editor.view()).toMatchObject({ restart_required: true, pending: ['server.port'] });
    expect(sandbox.load().config.server.port).toBe(9001);
  });

  it('merges sections, replaces lists, and restores the default with null', async () => {
    // With all rights that a request can have.
    const text = `${CONFIG_FILE}security: { allow_privileged: true }\nauth: { enabled: true }\n`;
    const path = sandbox.inHome(text);
    const { changed, config } = await sandbox.editor().update({
      server: { port: null },
      models: { dirs: ['/srv/m'], hf_token: null, ollama_endpoint: 'https://x.example' },
      groups: { big: { max_running: 1 } },
      instances: { max_restarts: 1 },
    });
    expect(changed.toSorted()).toEqual(
      [
        'server.port',
        'models.ollama_endpoint',
        'models.dirs',
        'models.hf_token',
        'groups.big.max_running',
        'instances.max_restarts',
      ].toSorted(),
    );
    expect(config).toMatchObject({ server: { port: 8080 }, models: { hf_token: '' } });
    expect(read(path)).toBe(
      `${text
        .replace('  port: 9000 # not 8080\n', '')
        .replace('    - ~/m # small ones\n', '')
        .replace('  hf_token: hf_secret\n', '  ollama_endpoint: https://x.example\n')
        .replace('instances:\n', 'instances:\n  max_restarts: 1\n')}groups:\n  big:\n    max_running: 1\n`,
    );
  });

  it('changes nothing for a whole view sent back, whatever its sources', async () => {
    const path = sandbox.inHome(CONFIG_FILE);
    const before = statSync(path);
    const editor = sandbox.editor({
      environment: { LLAMACTL_STATS_INTERVAL: '1', LLAMACTL_MODELS_HF_TOKEN: 'hf_other' },
      overrides: { 'server.port': '7000' },
    });
    const { config } = await editor.view();
    expect(await editor.update(config)).toEqual({
      message: 'Nothing to change: the configuration has these values already',
      restart_required: false,
      changed: [],
      config,
    });
    expect([statSync(path).ino, statSync(path).mtimeMs]).toEqual([before.ino, before.mtimeMs]);
    const fresh = new ConfigSandbox();
    try {
      const other = fresh.editor();
      await other.update((await other.view()).config);
      expect(existsSync(join(fresh.home, '.config'))).toBe(false);
    } finally {
      fresh.dispose();
    }
  });

  it('changes nothing for null where no value is set', async () => {
    const path = sandbox.inHome('security:\nserver:\n  host:\n');
    const patch = { security: null, server: { host: null, port: null }, engines: null, groups: { gone: null } };
    expect(await sandbox.editor().update(patch)).toMatchObject({ changed: [] });
    expect(read(path)).toBe('security:\nserver:\n  host:\n');
  });

  it('reports whether a reload or a restart applies the change', async () => {
    sandbox.inHome(CONFIG_FILE);
    const editor = sandbox.editor();
    const message = async (patch: Record<string, unknown>): Promise<string> => (await editor.update(patch)).message;
    expect(await message({ stats: { interval: 7 } })).toBe(
      'Configuration updated; `llamactl reload` or a restart applies it',
    );
    expect(await message({ server: { port: 9001 } })).toBe(
      'Configuration updated; server.port takes effect when llamactl restarts; a reload is not enough',
    );
  });

  it('reports when the configuration is the running one again', async () => {
    const path = sandbox.inHome(CONFIG_FILE);
    const editor = sandbox.editor();
    await editor.update({ server: { port: 1 } });
    expect(await editor.update({ server: { port: 9000 } })).toMatchObject({
      message: 'Configuration updated; llamactl already runs with it',
      restart_required: false,
      changed: ['server.port'],
    });
    expect(read(path)).toBe(CONFIG_FILE);
    // The default, which the file then contains explicitly.
    await editor.update({ stats: { interval: 1 } });
    expect(await editor.update({ stats: { interval: 2 } })).toMatchObject({ changed: ['stats.interval'] });
    expect(read(path)).toBe(`${CONFIG_FILE}stats:\n  interval: 2\n`);
  });

  it('reports the old and new values of the changed keys of the file, without secrets', async () => {
    sandbox.inHome(`${CONFIG_FILE}security: { allow_privileged: true }\n`);
    const reported: AuditChange[] = [];
    const patch = {
      server: { port: 9001, base_path: null },
      models: { hf_token: 'hf_new', dirs: ['~/n'] },
      engines: { llama_cpp: { environment: { HF_HOME: '/new', NEW: 'secret', EMPTY: null } } },
      stats: { interval: 5 },
    };
    const { changed } = await sandbox.editor().update(patch, (changes) => void reported.push(...changes));
    expect(reported.map(({ path }) => path)).toEqual(changed);
    expect(new Map(reported.map(({ path, before, after }) => [path, [before, after]]))).toEqual(
      new Map<string, unknown>([
        ['server.port', [9000, 9001]],
        ['server.base_path', ['/llm', null]],
        ['models.dirs', [['~/m', '/srv/m'], ['~/n']]],
        ['models.hf_token', ['***', '***']],
        ['engines.llama_cpp.environment.HF_HOME', ['***', '***']],
        ['engines.llama_cpp.environment.EMPTY', ['', null]],
        ['engines.llama_cpp.environment.NEW', [null, '***']],
        ['stats.interval', [null, 5]],
      ]),
    );
  });

  it('reports no values of a refused change', async () => {
    sandbox.inHome(CONFIG_FILE);
    const onWritten = vi.fn<() => void>();
    await expect(sandbox.editor().update({ server: { port: -1 } }, onWritten)).rejects.toThrow('server.port');
    expect(onWritten).not.toHaveBeenCalled();
  });

  it('creates a missing file, private, in a private folder', async () => {
    const editor = sandbox.editor();
    const path = join(sandbox.home, '.config/llamactl/config.yaml');
    await editor.update({ models: { hf_token: 'hf_new' }, stats: { interval: 1 } });
    expect(read(path)).toBe('models:\n  hf_token: hf_new\nstats:\n  interval: 1\n');
    expect([statSync(path).mode & 0o777, statSync(dirname(path)).mode & 0o777]).toEqual([0o600, 0o700]);
    expect(await editor.view()).toMatchObject({ file: path, pending: ['models.hf_token', 'stats.interval'] });
  });

  it('creates a named file again that is gone, but not its folder', async () => {
    const configFile = sandbox.write(join(sandbox.folder, 'disk/x.yaml'), CONFIG_FILE);
    const editor = sandbox.editor({ configFile });
    rmSync(configFile);
    await editor.update({ stats: { interval: 1 } });
    expect(read(configFile)).toBe('stats:\n  interval: 1\n');
    rmSync(dirname(configFile), { recursive: true });
    expect(await refusalOf(editor, { stats: { interval: 1 } })).toMatchObject({
      code: 'CONFIG_READ_ONLY',
      message: `The configuration file ${configFile} cannot be written: its folder does not exist (ENOENT). Nothing was changed.`,
    });
  });

  it('repairs a file that was broken by hand, if the result is valid', async () => {
    const path = sandbox.inHome(CONFIG_FILE);
    const editor = sandbox.editor();
    writeFileSync(path, 'server: { port: high, prot: 1 } # x\n');
    expect(await refusalOf(editor, { server: { port: 8080 } })).toMatchObject({ code: 'VALIDATION_ERROR' });
    expect(await editor.update({ server: { port: 8080, prot: null } })).toMatchObject({
      changed: ['server.port', 'server.prot'],
    });
    expect(read(path)).toBe('server: { port: 8080 } # x\n');
  });
});

describe('a secret', () => {
  it("is kept by ***, also in an engine's environment", async () => {
    const path = sandbox.inHome(CONFIG_FILE);
    const masked = { models: { hf_token: '***' }, alerts: { webhook: '***' } };
    const environment = { HF_HOME: '***', EMPTY: '' };
    expect(await sandbox.editor().update({ ...masked, engines: { llama_cpp: { environment } } })).toMatchObject({
      changed: [],
    });
    expect(await sandbox.editor().update({ ...masked, stats: { interval: 1 } })).toMatchObject({
      changed: ['stats.interval'],
    });
    expect(read(path)).toBe(`${CONFIG_FILE}stats:\n  interval: 1\n`);
  });

  it('that does not exist cannot be kept', async () => {
    sandbox.inHome(CONFIG_FILE);
    const patch = { engines: { llama_cpp: { environment: { NEW: '***' } } } };
    expect((await refusalOf(sandbox.editor(), patch)).extras.problems).toEqual([
      {
        path: 'engines.llama_cpp.environment.NEW',
        message: 'is ***, which stands for an existing value, but there is no value',
      },
    ]);
  });

  it('is never in a result or an error', async () => {
    sandbox.inHome(CONFIG_FILE);
    const editor = sandbox.editor({ environment: { LLAMACTL_MODELS_HF_TOKEN: 'hf_pinned' } });
    const error = await refusalOf(editor, { models: { hf_token: 'hf_wanted' } });
    expect(error).toMatchObject({ code: 'CONFIG_PINNED' });
    const invalid = await refusalOf(editor, { models: { hf_endpoint: 'hf_wanted' }, instances: 'hf_wanted' });
    expect(JSON.stringify([error.message, error.extras, invalid.message, invalid.extras])).not.toMatch(
      /hf_(pinned|wanted|secret)/,
    );
  });
});
