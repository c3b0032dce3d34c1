import { chmodSync, chownSync, existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CONFIG_FILE, ConfigSandbox } from '@llamactl/server/testing/config-sandbox';
import { AccessServer } from '@llamactl/server/testing/access-server';
import { PortBlock } from '@llamactl/server/testing/port-block';
import { CommandSandbox, type RunResult } from '../testing/command-run.ts';
import { HeldDirectory } from '../testing/held-directory.ts';

let files: ConfigSandbox;
let file: string;
let server: AccessServer;
let sandbox: CommandSandbox;

beforeEach(async () => {
  files = new ConfigSandbox();
  file = files.inHome(CONFIG_FILE);
  await serve(false);
});

afterEach(async () => {
  await server.close();
  sandbox.dispose();
  files.dispose();
});

async function serve(isEnabled: boolean): Promise<void> {
  const configEditor = files.editor({ environment: { LLAMACTL_GATEWAY_LOADING_KEEPALIVE: '7' } });
  server = await AccessServer.open(isEnabled, { configEditor });
  sandbox = new CommandSandbox();
  sandbox.environment['LLAMACTL_URL'] = server.url;
}

const run = (...words: string[]): Promise<RunResult> => sandbox.run(['config', ...words]);
const written = (): string => readFileSync(file, 'utf8');

describe('llamactl config', () => {
  it('shows the source of each value', async () => {
    const { status, stdout, stderr } = await run('show');
    expect(status).toBe(0);
    expect(stdout).toContain('  port: 9000 # file, line 3\n');
    expect(stdout).toContain('  loading_keepalive: 7 # LLAMACTL_GATEWAY_LOADING_KEEPALIVE\n');
    expect(stdout).not.toContain('hf_secret');
    expect(stderr).toBe(`${file}\n`);
    expect(JSON.parse((await run('show', '--json')).stdout)).toMatchObject({
      file,
      config: { server: { port: 9000 } },
    });
  });

  it('prints sources faint on a terminal', async () => {
    const { stdout } = await sandbox.run(['config', 'show'], { columns: 80 });
    expect(stdout).toContain('  port: 9000 \u001B[2m# file, line 3\u001B[22m\n');
  });

  it('prints single values for scripts', async () => {
    expect((await run('get', 'server.port')).stdout).toBe('9000\n');
    expect((await run('get', 'models.dirs')).stdout).toBe('[~/m, /srv/m]\n');
    expect((await run('get', 'models.dirs', '--json')).stdout).toBe('["~/m","/srv/m"]\n');
    expect((await run('path')).stdout).toBe(`${file}\n`);
  });

  it.each([
    ['stats.intervall', '; did you mean stats.interval?\n'],
    ['port', '; did you mean server.port?\n'],
    ['prot', '; did you mean server.port?\n'],
    ['instances.prot', '; did you mean server.port?\n'],
    ['sever', '; did you mean server?\n'],
    ['stats.nonsense', '\n  known keys: stats.interval'],
  ])('names the nearest keys for the unknown one %s', async (key, hint) => {
    const { status, stderr } = await run('get', key);
    expect([status, stderr]).toEqual([3, expect.stringContaining(`there is no key ${key}${hint}`)]);
  });

  it('changes the file with YAML types, and reports when the change takes effect', async () => {
    const { status, stdout, stderr } = await run('set', 'stats.interval=5', 'instances.port_range=[8200, 8300]');
    expect([status, stdout.split('\n').toSorted()]).toEqual([
      0,
      ['', 'instances.port_range is now [8200, 8300]', 'stats.interval is now 5'],
    ]);
    expect(stderr).toBe('Configuration updated; `llamactl reload` or a restart applies it\n');
    expect(written()).toContain('# Mine.');
    expect((await run('get', 'stats.interval')).stdout).toBe('5\n');
    expect((await run('show')).stderr).toContain('takes effect after llamactl reload or a restart: ');
  });

  it('changes nothing if the value is the same', async () => {
    expect(await run('set', 'server.port=9000')).toMatchObject({
      status: 0,
      stdout: '',
      stderr: expect.stringContaining('Nothing to change') as string,
    });
    expect(written()).toBe(CONFIG_FILE);
  });

  describe('for keys that the API cannot change', () => {
    let held: HeldDirectory | null = null;
    afterEach(() => {
      held?.release();
      held = null;
    });

    const dataDirectory = (): string => path.join(sandbox.home, '.local/share/llamactl');
    const says = (url: string): string => {
      held ??= new HeldDirectory(dataDirectory());
      held.describe(url);
      return held.file;
    };
    /** Makes another user the owner of the server. */
    const givenTo = (uid: number): void => {
      const description = says(server.url);
      for (const each of [description, dataDirectory()]) chownSync(each, uid, uid);
    };
    const SETTINGS = ['engines.llama_cpp.command=/opt/llama-server', 'models.dirs=[~/a, "b c"]', 'stats.interval=5'];

    it('edits the file itself and keeps comments, for our own server on this machine', async () => {
      says(server.url);
      const { status, stdout, stderr } = await run('set', ...SETTINGS);
      expect([status, stdout.split('\n').toSorted()]).toEqual([
        0,
        [
          '',
          'engines.llama_cpp.command is now /opt/llama-server',
          'models.dirs is now [~/a, b c]',
          'stats.interval is now 5',
        ],
      ]);
      expect(stderr).toContain(`llamactl wrote ${file} itself, because the API cannot change this key\n`);
      expect(written()).toContain('command: /opt/llama-server');
      expect(written()).toContain('# not 8080');
      expect(JSON.parse((await run('show', '--json')).stdout)).toMatchObject({
        pending: expect.arrayContaining(['engines.llama_cpp.command', 'models.dirs']) as unknown,
      });
      expect(await run('unset', 'models.dirs', '--json')).toMatchObject({
        status: 0,
        stdout: expect.stringContaining('"restart_required":true') as unknown,
      });
    });

    it('edits the file if the URL uses another loopback name', async () => {
      says(server.url);
      sandbox.environment['LLAMACTL_URL'] = server.url.replace('127.0.0.1', 'localhost');
      expect(await run('set', 'engines.llama_cpp.args=[--verbose]')).toMatchObject({ status: 0 });
      expect(written()).toContain('--verbose');
    });

    it('edits the file of the proven server, not the file that the addressed one reports', async () => {
      const others = new ConfigSandbox();
      const othersFile = others.inHome(CONFIG_FILE);
      const other = await AccessServer.open(false, { configEditor: others.editor({}) });
      try {
        // As if `localhost` led to another process than 127.0.0.1: the data directory has another listener on the port.
        const port = new URL(other.url).port;
        const own = await AccessServer.open(
          false,
          { configEditor: files.editor({}) },
          { host: '127.0.0.2', port: Number(port) },
        );
        try {
          says(own.url);
          sandbox.environment['LLAMACTL_URL'] = other.url;
          expect(await run('set', 'engines.llama_cpp.args=[--verbose]')).toMatchObject({ status: 0 });
          expect(written()).toContain('--verbose');
          expect(readFileSync(othersFile, 'utf8')).toBe(CONFIG_FILE);
        } finally {
          await own.close();
        }
      } finally {
        await other.close();
        others.dispose();
      }
    });

    describe.runIf(process.getuid?.() === 0)('with a server of another user', () => {
      it.each([0, 4321])('edits the file as root, and keeps its owner (uid %i) and mode', async (owner) => {
        givenTo(4321);
        chownSync(file, owner, owner);
        chmodSync(file, 0o640);
        expect(await run('set', 'engines.llama_cpp.args=[--verbose]')).toMatchObject({ status: 0 });
        const { uid, gid, mode } = statSync(file);
        expect([written().includes('--verbose'), uid, gid, mode & 0o777]).toEqual([true, owner, owner, 0o640]);
      });

      it('edits nothing if that user gives a second address', async () => {
        givenTo(4321);
        sandbox.environment['LLAMACTL_URL'] = server.url.replace('127.0.0.1', 'localhost');
        expect(await run('set', 'engines.llama_cpp.args=[--verbose]')).toMatchObject({ status: 4 });
        expect(written()).toBe(CONFIG_FILE);
      });

      it('edits nothing in the file of a third user', async () => {
        givenTo(4321);
        chownSync(file, 4322, 4322);
        expect(await run('set', 'engines.llama_cpp.args=[--verbose]')).toMatchObject({ status: 4 });
        expect(written()).toBe(CONFIG_FILE);
      });
    });

    it('edits nothing if the change would be invalid or have no effect', async () => {
      says(server.url);
      expect(await run('set', 'data_dir=/x', 'gateway.loading_keepalive=1')).toMatchObject({
        status: 1,
        stderr: expect.stringContaining('LLAMACTL_GATEWAY_LOADING_KEEPALIVE') as unknown,
      });
      expect(await run('set', 'engines.mine.command=5')).toMatchObject({
        status: 1,
        stderr: expect.not.stringContaining('run this as root') as unknown,
      });
      expect(await run('set', 'data_dir=/x', 'security.allow_privileged=true')).toMatchObject({
        status: 1,
        stderr: expect.stringMatching(/by hand\.\n {2}with an editor: .*\.yaml; then llamactl reload\n$/) as unknown,
      });
      expect(written()).toBe(CONFIG_FILE);
    });

    it.each<[string, () => void]>([
      ['is not described on this machine', () => undefined],
      ['differs from the described one', () => void says('http://127.0.0.1:1')],
      ['is described by a file that others can write', () => chmodSync(says(server.url), 0o666)],
    ])('refuses the change if the server %s', async (_, arrange) => {
      arrange();
      const { status, stderr } = await run('set', ...SETTINGS);
      expect([status, stderr]).toEqual([4, expect.stringContaining('on the machine of the server, as its user')]);
      expect(written()).toBe(CONFIG_FILE);
    });
  });

  it('changes groups and engines whose name has dots', async () => {
    expect(await run('set', 'groups={"v2.5": {max_running: 1}}')).toMatchObject({
      status: 0,
      stdout: 'groups.v2.5.max_running is now 1\n',
    });
    expect((await run('get', 'groups.v2.5.max_running')).stdout).toBe('1\n');
    expect((await run('get', 'groups."v2.5"')).stdout).toBe('max_running: 1\n');
    expect((await run('show')).stdout).toMatch(/max_running: 1 # file/);
    expect((await run('set', 'groups.v2.5.exclusive=true')).stdout).toBe('groups.v2.5.exclusive is now true\n');
    expect((await run('set', 'groups."v3.0".max_running', '2')).stdout).toBe('groups.v3.0.max_running is now 2\n');
    expect((await run('unset', 'groups.v2.5.max_running')).stdout).toBe('groups.v2.5.max_running removed\n');
    expect((await run('get', 'groups', '--json')).stdout).toBe(
      '{"v2.5":{"exclusive":true},"v3.0":{"max_running":2}}\n',
    );
  });

  it('resets keys to their defaults', async () => {
    expect((await run('unset', 'server.port')).stdout).toBe('server.port is now 8080\n');
    expect(written()).not.toContain('9000');
  });

  it('takes one setting as two words, and checks its key', async () => {
    expect((await run('set', 'stats.interval', '7')).stdout).toBe('stats.interval is now 7\n');
    expect(await run('set', 'max_running', '1')).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('Did you mean instances.max_running?') as string,
    });
  });

  it.each([
    ['an unknown key', 'stats.intervall=5', 1, 'Did you mean stats.interval?'],
    ['a key without its section', 'port=5', 1, 'Did you mean server.port?'],
    ['a wrong value', 'stats.interval=often', 1, 'stats.interval'],
    ['a key set by the environment', 'gateway.loading_keepalive=1', 1, 'LLAMACTL_GATEWAY_LOADING_KEEPALIVE'],
    ['a key that only the file may have', 'security.allow_privileged=true', 4, 'by hand'],
    ['no value', 'stats.interval', 2, 'llamactl config set stats.interval=VALUE'],
  ])('refuses %s with a message', async (_, setting, status, sentence) => {
    expect(await run('set', setting)).toMatchObject({
      status,
      stdout: '',
      stderr: expect.stringContaining(sentence) as string,
    });
    expect(written()).toBe(CONFIG_FILE);
  });

  describe('while no server runs', () => {
    const away = (...words: string[]): Promise<RunResult> => {
      const environment = { HOME: sandbox.home, LLAMACTL_URL: '', LLAMACTL_SERVER_PORT: String(ports.next()) };
      return sandbox.run(['config', ...words], { environment });
    };
    const own = (): string => path.join(sandbox.home, '.config/llamactl/config.yaml');
    let ports: PortBlock;
    beforeEach(async () => {
      ports = await PortBlock.take();
    });
    afterEach(() => ports.release());

    it('changes the file of the next server, and creates a missing one', async () => {
      expect(await away('set', 'instances.max_running=9')).toMatchObject({
        status: 0,
        stdout: 'instances.max_running is now 9\n',
        stderr: expect.stringContaining('to start with it: llamactl up') as unknown,
      });
      expect(readFileSync(own(), 'utf8')).toContain('max_running: 9');
      expect(await away('unset', 'instances.max_running')).toMatchObject({ status: 0 });
      expect(readFileSync(own(), 'utf8')).not.toContain('max_running');
    });

    it('refuses a wrong value', async () => {
      const { status, stderr } = await away('set', 'instances.max_running=many');
      // Nothing about the file or its owner, where only the value is wrong.
      expect([status, stderr]).toEqual([1, 'llamactl: instances.max_running must be a number.\n']);
    });

    it('names the editor for a key that no command changes', async () => {
      const { status, stderr } = await away('set', 'security.allow_privileged=true');
      expect([status, stderr]).toEqual([
        1,
        expect.stringMatching(/by hand\.\n {2}with an editor; then llamactl up\n$/),
      ]);
    });

    it('changes nothing for another server', async () => {
      const { status } = await sandbox.run([
        'config',
        'set',
        'stats.interval=5',
        '--url',
        `http://127.0.0.1:${ports.next()}`,
      ]);
      expect([status, existsSync(own())]).toEqual([5, false]);
    });
  });

  it('requires a log-in', async () => {
    await server.close();
    sandbox.dispose();
    await serve(true);
    expect(await run('show')).toMatchObject({
      status: 4,
      stderr: expect.stringContaining('log in with llamactl login') as string,
    });
  });
});
