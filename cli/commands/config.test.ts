import { chmodSync, chownSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CONFIG_FILE, ConfigSandbox } from '@llamactl/server/testing/config-sandbox';
import { AccessServer } from '@llamactl/server/testing/access-server';
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

describe('the configuration', () => {
  it('is shown with where each value comes from', async () => {
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

  it('is shown faint where it says that, on a terminal', async () => {
    const { stdout } = await sandbox.run(['config', 'show'], { columns: 80 });
    expect(stdout).toContain('  port: 9000 \u001B[2m# file, line 3\u001B[22m\n');
  });

  it('has values for scripts', async () => {
    expect((await run('get', 'server.port')).stdout).toBe('9000\n');
    expect((await run('get', 'models.dirs')).stdout).toBe('[~/m, /srv/m]\n');
    expect((await run('get', 'models.dirs', '--json')).stdout).toBe('["~/m","/srv/m"]\n');
    expect((await run('path')).stdout).toBe(`${file}\n`);
  });

  it('names the neighbours of a key that there is not', async () => {
    const { status, stderr } = await run('get', 'stats.intervall');
    expect([status, stderr]).toEqual([3, expect.stringContaining('there are stats.interval')]);
  });

  it('is changed in its file, in the types of YAML, and says from when on that holds', async () => {
    const { status, stdout, stderr } = await run('set', 'stats.interval=5', 'instances.port_range=[8200, 8300]');
    expect([status, stdout.split('\n').toSorted()]).toEqual([
      0,
      ['', 'instances.port_range is now [8200, 8300]', 'stats.interval is now 5'],
    ]);
    expect(stderr).toBe('Configuration updated; `llamactl reload` or a restart applies it\n');
    expect(written()).toContain('# Mine.');
    expect((await run('get', 'stats.interval')).stdout).toBe('5\n');
    expect((await run('show')).stderr).toContain('waits for llamactl reload, or a restart: ');
  });

  it('is not changed by what it says already', async () => {
    expect(await run('set', 'server.port=9000')).toMatchObject({
      status: 0,
      stdout: '',
      stderr: expect.stringContaining('Nothing to change') as string,
    });
    expect(written()).toBe(CONFIG_FILE);
  });

  describe('in keys that no request may change', () => {
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
    /** The server runs as another user. */
    const givenTo = (uid: number): void => {
      const description = says(server.url);
      for (const each of [description, dataDirectory()]) chownSync(each, uid, uid);
    };
    const SETTINGS = ['engines.llama_cpp.command=/opt/llama-server', 'models.dirs=[~/a, "b c"]', 'stats.interval=5'];

    it('is changed by this program, comments kept, where the server is ours and on this machine', async () => {
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
      expect(stderr).toContain(`written into ${file} by this program: no request may do that\n`);
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

    it('is changed where the URL names the server by another name of loopback', async () => {
      says(server.url);
      sandbox.environment['LLAMACTL_URL'] = server.url.replace('127.0.0.1', 'localhost');
      expect(await run('set', 'engines.llama_cpp.args=[--verbose]')).toMatchObject({ status: 0 });
      expect(written()).toContain('--verbose');
    });

    it('is changed in the file of the server that is proven ours, not in the file that the named one shows', async () => {
      const others = new ConfigSandbox();
      const othersFile = others.inHome(CONFIG_FILE);
      const other = await AccessServer.open(false, { configEditor: others.editor({}) });
      try {
        // As if `localhost` led to another process than 127.0.0.1: the data directory names another listener of the port.
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

    describe.runIf(process.getuid?.() === 0)('where the server runs as another user', () => {
      it.each([0, 4321])('is changed by root, and the file keeps its owner (uid %i) and its mode', async (owner) => {
        givenTo(4321);
        chownSync(file, owner, owner);
        chmodSync(file, 0o640);
        expect(await run('set', 'engines.llama_cpp.args=[--verbose]')).toMatchObject({ status: 0 });
        const { uid, gid, mode } = statSync(file);
        expect([written().includes('--verbose'), uid, gid, mode & 0o777]).toEqual([true, owner, owner, 0o640]);
      });

      it('is not changed where that user names a second address', async () => {
        givenTo(4321);
        sandbox.environment['LLAMACTL_URL'] = server.url.replace('127.0.0.1', 'localhost');
        expect(await run('set', 'engines.llama_cpp.args=[--verbose]')).toMatchObject({ status: 4 });
        expect(written()).toBe(CONFIG_FILE);
      });

      it('is not changed in the file of a third user', async () => {
        givenTo(4321);
        chownSync(file, 4322, 4322);
        expect(await run('set', 'engines.llama_cpp.args=[--verbose]')).toMatchObject({ status: 4 });
        expect(written()).toBe(CONFIG_FILE);
      });
    });

    it('is not changed where it would have no effect, or would not be valid', async () => {
      says(server.url);
      expect(await run('set', 'data_dir=/x', 'gateway.loading_keepalive=1')).toMatchObject({
        status: 1,
        stderr: expect.stringContaining('LLAMACTL_GATEWAY_LOADING_KEEPALIVE') as unknown,
      });
      expect(await run('set', 'engines.mine.command=5')).toMatchObject({ status: 1 });
      expect(await run('set', 'data_dir=/x', 'security.allow_privileged=true')).toMatchObject({
        status: 1,
        stderr: expect.stringContaining('by hand') as unknown,
      });
      expect(written()).toBe(CONFIG_FILE);
    });

    it.each<[string, () => void]>([
      ['says nowhere that it is on this machine', () => undefined],
      ['is another than the one that does', () => void says('http://127.0.0.1:1')],
      ['is said to be here by a file that others can write', () => chmodSync(says(server.url), 0o666)],
    ])('is refused where the server %s', async (_, arrange) => {
      arrange();
      const { status, stderr } = await run('set', ...SETTINGS);
      expect([status, stderr]).toEqual([4, expect.stringContaining('on the machine of the server, as its user')]);
      expect(written()).toBe(CONFIG_FILE);
    });
  });

  it('goes back to the defaults', async () => {
    expect((await run('unset', 'server.port')).stdout).toBe('server.port is now 8080\n');
    expect(written()).not.toContain('9000');
  });

  it.each([
    ['an unknown key', 'stats.intervall=5', 1, 'Did you mean stats.interval?'],
    ['a wrong value', 'stats.interval=often', 1, 'stats.interval'],
    ['a key that the environment has', 'gateway.loading_keepalive=1', 1, 'LLAMACTL_GATEWAY_LOADING_KEEPALIVE'],
    ['a key for the file alone', 'security.allow_privileged=true', 4, 'by hand'],
    ['no value', 'stats.interval', 2, 'llamactl config set stats.interval=VALUE'],
  ])('refuses %s in a sentence', async (_, setting, status, sentence) => {
    expect(await run('set', setting)).toMatchObject({
      status,
      stdout: '',
      stderr: expect.stringContaining(sentence) as string,
    });
    expect(written()).toBe(CONFIG_FILE);
  });

  it('is for those who are let in', async () => {
    await server.close();
    sandbox.dispose();
    await serve(true);
    expect(await run('show')).toMatchObject({
      status: 4,
      stderr: expect.stringContaining('log in with llamactl login') as string,
    });
  });
});
