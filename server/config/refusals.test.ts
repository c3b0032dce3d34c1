import { chmodSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CONFIG_FILE, ConfigSandbox, refusalOf } from '../testing/config-sandbox.ts';

let sandbox: ConfigSandbox;

beforeEach(() => {
  sandbox = new ConfigSandbox();
});
afterEach(() => {
  sandbox.dispose();
});

const read = (path: string): string => readFileSync(path, 'utf8');

describe('nothing is written when', () => {
  it.each<[string, Record<string, unknown>, { path: string; message: string }[]]>([
    [
      'a key is unknown',
      { server: { prot: 1 } },
      [{ path: 'server.prot', message: 'is unknown. Did you mean server.port?' }],
    ],
    [
      'an unknown key is to go',
      { server: { prot: null } },
      [{ path: 'server.prot', message: 'is unknown. Did you mean server.port?' }],
    ],
    ['a section is unknown', { sever: {} }, [{ path: 'sever', message: 'is unknown. Did you mean server?' }]],
    ['a section is no map', { stats: 5 }, [{ path: 'stats', message: 'must be a map of keys' }]],
    [
      'several things are wrong',
      { server: { port: 0 }, stats: { interval: 'x' }, groups: { big: { pinned: 1 } }, rate_limit: { regular: 5 } },
      [
        { path: 'server.port', message: 'must be at least 1' },
        { path: 'groups.big.pinned', message: 'must be true or false' },
        { path: 'stats.interval', message: 'must be a number' },
      ],
    ],
  ])('%s', async (_, patch, problems) => {
    const path = sandbox.inHome(CONFIG_FILE);
    const error = await refusalOf(sandbox.editor(), patch);
    expect(error.code).toBe('VALIDATION_ERROR');
    expect(error.extras.problems).toEqual(problems);
    expect(error.message).toContain(problems[0]?.path);
    expect(read(path)).toBe(CONFIG_FILE);
    expect(readdirSync(dirname(path))).toEqual(['config.yaml']);
  });

  it('the file has an error of its own, which is told with its line', async () => {
    const path = sandbox.inHome(CONFIG_FILE);
    const editor = sandbox.editor();
    writeFileSync(path, 'server:\n  prot: 1\n');
    expect((await refusalOf(editor, { stats: { interval: 1 } })).extras.problems).toEqual([
      { path: 'server.prot', message: `is unknown. Did you mean server.port? (${path}:2)` },
    ]);
    writeFileSync(path, 'server: [\n');
    expect(await refusalOf(editor, { stats: { interval: 1 } })).toMatchObject({
      code: 'VALIDATION_ERROR',
      message: expect.stringContaining(`${path}:2: `) as string,
    });
    expect(read(path)).toBe('server: [\n');
  });

  it.each<[string, Record<string, unknown>]>([
    ['security.allow_privileged', { security: { allow_privileged: true } }],
    ['engines.llama_cpp.command', { engines: { llama_cpp: { command: '/bin/sh' } } }],
    ['engines.llama_cpp.args', { engines: { llama_cpp: { args: ['--x'] } } }],
    ['engines.llama_cpp.environment.A', { engines: { llama_cpp: { environment: { A: 'x' } } } }],
    ['engines.other.kind', { engines: { other: { kind: 'custom', command: 'x' } } }],
    ['engines.mine.kind', { engines: { mine: null } }],
    ['engines.llama_cpp.environment.HF_HOME', { engines: null }],
    ['alerts.command', { alerts: { command: ['x'] } }],
    ['alerts.webhook', { alerts: { webhook: 'https://other.example' } }],
    ['alerts.webhook', { alerts: null }],
    ['data_dir', { data_dir: '/x' }],
    ['auth.enabled', { auth: { enabled: true } }],
    ['auth.token_ttl', { auth: { token_ttl: '1h' } }],
    ['server.host', { server: { host: '127.0.0.2' } }],
    ['server.allowed_hosts', { server: { allowed_hosts: ['x'] } }],
    ['server.allowed_origins', { server: { allowed_origins: ['https://x.example'] } }],
    ['server.public_url', { server: { public_url: 'https://x.example' } }],
    ['server.trusted_proxies', { server: { trusted_proxies: ['10.0.0.1'] } }],
    ['server.host', { server: { host: 5, port: 1 } }],
  ])('%s is to be changed by %j', async (key, patch) => {
    const path = sandbox.inHome(CONFIG_FILE);
    const error = await refusalOf(sandbox.editor(), { stats: { interval: 1 }, ...patch });
    expect(error.message).toMatch(/^[a-z._A-Z]+ can(not)? be changed /);
    expect([error.code, error.extras.problems?.map((each) => each.path)]).toEqual([
      'FORBIDDEN',
      expect.arrayContaining([key]),
    ]);
    expect(read(path)).toBe(CONFIG_FILE);
  });

  it('a variable or a flag holds a key to another value', async () => {
    const path = sandbox.inHome(CONFIG_FILE);
    const editor = sandbox.editor({
      environment: { LLAMACTL_STATS_INTERVAL: '1' },
      overrides: { 'server.port': '7000' },
    });
    expect(await refusalOf(editor, { stats: { interval: 3 } })).toMatchObject({
      code: 'CONFIG_PINNED',
      message: 'stats.interval is set by LLAMACTL_STATS_INTERVAL, which wins over the file: change it there.',
    });
    expect(await refusalOf(editor, { server: { port: 7001 } })).toMatchObject({
      code: 'CONFIG_PINNED',
      message: 'server.port is set by --port, which wins over the file: change it there.',
    });
    for (const patch of [{ server: { port: null } }, { server: null }, { stats: null }]) {
      expect(await refusalOf(editor, patch)).toMatchObject({ code: 'CONFIG_PINNED' });
    }
    expect(read(path)).toBe(CONFIG_FILE);
    expect(await editor.update({ stats: { interval: 1 }, server: { port: 7000 } })).toMatchObject({ changed: [] });
    expect(await editor.update({ server: { base_path: '/x' } })).toMatchObject({ changed: ['server.base_path'] });
  });

  it('the file, or its folder, is read-only', async () => {
    const path = sandbox.inHome(CONFIG_FILE);
    const editor = sandbox.editor();
    const attempt = async (): Promise<[string, string]> => {
      const { code, message } = await refusalOf(editor, { stats: { interval: 1 } });
      return [code, message];
    };
    chmodSync(path, 0o444);
    expect(await attempt()).toEqual([
      'CONFIG_READ_ONLY',
      `The configuration file ${path} cannot be written: it is read-only. Nothing was changed.`,
    ]);
    chmodSync(path, 0o644);
    chmodSync(dirname(path), 0o500);
    try {
      expect(await attempt()).toEqual([
        'CONFIG_READ_ONLY',
        `The configuration file ${path} cannot be written: its folder is read-only. Nothing was changed.`,
      ]);
      // Nothing to write, nothing to refuse.
      expect(await editor.update({ server: { port: 9000 } })).toMatchObject({ changed: [] });
    } finally {
      chmodSync(dirname(path), 0o700);
    }
    expect(read(path)).toBe(CONFIG_FILE);
  });

  it('it is a pipe, which could be read only once', async () => {
    // What `--config <(…)` leads to, and a link to it cannot be read without a writer: looking again would wait for ever.
    const configFile = sandbox.write(join(sandbox.folder, 'x.yaml'), CONFIG_FILE);
    const editor = sandbox.editor({ configFile });
    rmSync(configFile);
    symlinkSync('/dev/null', configFile);
    expect(await editor.view()).toMatchObject({ config: { server: { port: 9000 } }, restart_required: false });
    expect(await refusalOf(editor, { stats: { interval: 1 } })).toMatchObject({
      code: 'CONFIG_READ_ONLY',
      message: expect.stringContaining('it is no regular file') as string,
    });
  });

  it('it is written in a way that cannot be changed piece by piece', async () => {
    const text = '? server\n:\n  ? port\n  : 1\n';
    const path = sandbox.inHome(text);
    const error = await refusalOf(sandbox.editor(), { server: { port: null } });
    expect(error).toMatchObject({
      code: 'CONFIG_READ_ONLY',
      message: expect.stringContaining('edit it by hand') as string,
    });
    expect(read(path)).toBe(text);
  });
});
