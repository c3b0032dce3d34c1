import { chmodSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { suggestion } from '../suggestion.ts';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CONFIG_FILE, ConfigSandbox, refusalOf } from '../testing/config-sandbox.ts';

vi.mock('../suggestion.ts', { spy: true });

let sandbox: ConfigSandbox;

beforeEach(() => {
  sandbox = new ConfigSandbox();
});
afterEach(() => {
  sandbox.dispose();
});

const read = (path: string): string => readFileSync(path, 'utf8');

describe('an update is refused without a write when', () => {
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
        { path: 'stats.interval', message: 'must be seconds, or a time such as 90s, 10m or 1h30m' },
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

  it('the file has its own error, which is reported with its line', async () => {
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
    ['models.dirs', { models: { dirs: ['/etc'] } }],
    ['models.hf_endpoint', { models: { hf_endpoint: 'https://x.example' } }],
    ['engines.mine.api_key_env', { engines: { mine: { api_key_env: 'LD_PRELOAD' } } }],
    ['engines.mine.command', { engines: { mine: { command: ['/bin/sh'] } } }],
    ['engines', { engines: '/bin/sh' }],
    ['security', { security: ['allow_privileged'] }],
  ])('a request without the right changes %s by %j', async (key, patch) => {
    const path = sandbox.inHome(CONFIG_FILE);
    const error = await refusalOf(sandbox.editor(), { stats: { interval: 1 }, ...patch });
    expect(error.message).toMatch(/^[a-z._A-Z]+ can(not)? be changed /);
    expect([error.code, error.extras.problems?.map((each) => each.path)]).toEqual([
      'FORBIDDEN',
      expect.arrayContaining([key]),
    ]);
    expect(read(path)).toBe(CONFIG_FILE);
  });

  describe('a request changes programs, arguments, environment or folders', () => {
    const PATCHES: [string, Record<string, unknown>][] = [
      ['engines.llama_cpp.command', { engines: { llama_cpp: { command: '/bin/sh' } } }],
      [
        'engines.llama_cpp.environment.LD_PRELOAD',
        { engines: { llama_cpp: { environment: { LD_PRELOAD: '/x.so' } } } },
      ],
      ['engines.other.kind', { engines: { other: { kind: 'custom', command: '/bin/sh' } } }],
      ['engines.mine.command', { engines: { mine: { command: '/bin/sh' } } }],
      ['engines.mine.kind', { engines: null }],
      ['alerts.command', { alerts: { command: ['/bin/sh'] } }],
      ['data_dir', { data_dir: '/x' }],
      ['models.dirs', { models: { dirs: ['/'] } }],
    ];
    const ACCOUNTS = 'auth: { enabled: true }\n';
    const ALLOWED = 'security: { allow_privileged: true }\n';

    it.each(PATCHES)('%s, while accounts are on too', async (key, patch) => {
      const path = sandbox.inHome(`${CONFIG_FILE}${ACCOUNTS}`);
      const error = await refusalOf(sandbox.editor(), patch);
      expect([error.code, error.extras.problems?.map((each) => each.path)]).toEqual([
        'FORBIDDEN',
        expect.arrayContaining([key]),
      ]);
      expect(error.message).toContain('security.allow_privileged');
      expect(read(path)).toBe(`${CONFIG_FILE}${ACCOUNTS}`);
    });

    it.each(PATCHES)('%s; but it is changed where the file allows privileges', async (_, patch) => {
      sandbox.inHome(`${CONFIG_FILE}${ACCOUNTS}${ALLOWED}`);
      expect((await sandbox.editor().update(patch)).changed).not.toEqual([]);
    });

    it('and only the file or only the running server has the privilege', async () => {
      const path = sandbox.inHome(`${CONFIG_FILE}${ACCOUNTS}`);
      const before = sandbox.editor();
      writeFileSync(path, `${CONFIG_FILE}${ACCOUNTS}${ALLOWED}`);
      expect(await refusalOf(before, { data_dir: '/x' })).toMatchObject({ code: 'FORBIDDEN' });
      const after = sandbox.editor();
      writeFileSync(path, `${CONFIG_FILE}${ACCOUNTS}`);
      expect(await refusalOf(after, { data_dir: '/x' })).toMatchObject({ code: 'FORBIDDEN' });
    });

    it('and the same request sets the privilege', async () => {
      sandbox.inHome(`${CONFIG_FILE}${ACCOUNTS}`);
      const patch = { security: { allow_privileged: true }, data_dir: '/x' };
      const { extras } = await refusalOf(sandbox.editor(), patch);
      expect(extras.problems?.map(({ path }) => path).toSorted()).toEqual(['data_dir', 'security.allow_privileged']);
    });

    it('under a name that disguises the key', async () => {
      const text = `${CONFIG_FILE}${ACCOUNTS}`;
      const path = sandbox.inHome(text);
      for (const patch of [
        JSON.parse('{"__proto__":{"engines":{"llama_cpp":{"command":"/bin/sh"}}}}'),
        JSON.parse('{"constructor":{"prototype":{"engines":{}}}}'),
        JSON.parse('{"groups":{"__proto__":{"command":"/bin/sh"}}}'),
        { 'engines.llama_cpp.command': '/bin/sh' },
        { Engines: { llama_cpp: { command: '/bin/sh' } } },
        { 'engines ': { llama_cpp: { command: '/bin/sh' } } },
        { '<<': { engines: { llama_cpp: { command: '/bin/sh' } } } },
        { 'x: 1\nengines': { llama_cpp: { command: '/bin/sh' } } },
      ] as Record<string, unknown>[]) {
        const error = await refusalOf(sandbox.editor(), patch);
        expect([patch, error.code]).toEqual([patch, expect.stringMatching(/^(FORBIDDEN|VALIDATION_ERROR)$/)]);
        expect(read(path)).toBe(text);
      }
    });

    it('through another key that shares its value in the file', async () => {
      const text = `${ACCOUNTS}models: { hf_token: &shared abc }\ndata_dir: *shared\nengines: { mine: { kind: custom, command: *shared } }\n`;
      const path = sandbox.inHome(text);
      expect((await sandbox.editor().update({ models: { hf_token: '/bin/sh' } })).changed).toEqual(['models.hf_token']);
      expect(sandbox.load().origin.composed.written).toMatchObject({
        models: { hf_token: '/bin/sh' },
        data_dir: 'abc',
        engines: { mine: { command: 'abc' } },
      });
      expect(read(path)).not.toBe(text);
    });

    it('through a name in a map that would be another key in the file', async () => {
      const path = sandbox.inHome(ACCOUNTS);
      const name = 'a: {}\nengines: { llama_cpp: { command: /bin/sh } }\n#';
      await sandbox.editor().update({ groups: { [name]: { pinned: true } } });
      expect(read(path)).toContain('pinned');
      const { engines, groups } = sandbox.load().config;
      expect(engines.llama_cpp.command).toBe('llama-server');
      expect(Object.keys(groups)).toEqual([name]);
    });
  });

  it('more than a hundred keys are wrong; only the first hundred are checked', async () => {
    sandbox.inHome(CONFIG_FILE);
    const keys = (count: number, value: unknown) =>
      Object.fromEntries(Array.from({ length: count }, (_, index) => [`prot${index}`, value]));
    const asked = vi.mocked(suggestion);
    for (const patch of [
      keys(40_000, 1),
      keys(40_000, null),
      { server: keys(40_000, 1) },
      { engines: keys(20_000, { kind: 'custom', command: 'x' }) },
      { groups: keys(20_000, { prot: 1 }) },
    ]) {
      asked.mockClear();
      const { extras, message } = await refusalOf(sandbox.editor(), patch);
      expect(extras.problems).toHaveLength(100);
      expect(extras.details).toMatch(/Checking stopped after 100 problems; there may be more\.$/);
      expect((extras.details?.length ?? 0) + message.length).toBeLessThan(100_000);
      expect(asked.mock.calls.length).toBeLessThanOrEqual(100);
    }
  });

  it('more than a thousand keys would change: writing them would block the server', async () => {
    const path = sandbox.inHome(CONFIG_FILE);
    const groups = Object.fromEntries(Array.from({ length: 1_001 }, (_, index) => [`g${index}`, { pinned: true }]));
    expect(await refusalOf(sandbox.editor(), { groups })).toMatchObject({
      code: 'VALIDATION_ERROR',
      message: 'The configuration would change in 1001 keys at once; one request changes at most 1000.',
    });
    expect(read(path)).toBe(CONFIG_FILE);
  });

  it('a key is very long; the message cuts it', async () => {
    sandbox.inHome(CONFIG_FILE);
    const error = await refusalOf(sandbox.editor(), { ['x'.repeat(500_000)]: 1 });
    expect(JSON.stringify([error.message, error.extras]).length).toBeLessThan(2_000);
  });

  it('a variable or a flag overrides the key', async () => {
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

  it('the file or its folder is read-only', async () => {
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
      // Nothing to write, so nothing to refuse.
      expect(await editor.update({ server: { port: 9000 } })).toMatchObject({ changed: [] });
    } finally {
      chmodSync(dirname(path), 0o700);
    }
    expect(read(path)).toBe(CONFIG_FILE);
  });

  it('the file is a pipe, which can be read only once', async () => {
    // `--config <(…)` is a link to a pipe. Reading it without a writer would block.
    const configFile = sandbox.write(join(sandbox.folder, 'x.yaml'), CONFIG_FILE);
    const editor = sandbox.editor({ configFile });
    rmSync(configFile);
    symlinkSync('/dev/null', configFile);
    expect(await editor.view()).toMatchObject({ config: { server: { port: 9000 } }, restart_required: false });
    expect(await refusalOf(editor, { stats: { interval: 1 } })).toMatchObject({
      code: 'CONFIG_READ_ONLY',
      message: expect.stringContaining('it is not a regular file') as string,
    });
  });

  it("the file's notation does not allow small changes", async () => {
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
