import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { appendFile, chmod, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type Instance, InstanceSchema } from '@llamactl/contract/instance';
import { DEMO_SENTENCE } from '@llamactl/cli/quickstart/demo-model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PortBlock } from '@llamactl/server/testing/port-block';
import { buildDebianPackage } from '../scripts/debian-package.ts';
import { buildExecutable } from '../scripts/executable.ts';
import { testEngine, testModel } from '../scripts/test-assets.ts';
import { isLong } from '../scripts/test-tier.ts';
import { SteadyLoad } from './steady-load.ts';
import { overlays, SystemdMachine, whyNoSystemd } from './systemd-machine.ts';

/**
 * The Debian package in the hands of this machine's dpkg, which changes copies of `/etc`, `/usr` and `/var`. The push tier installs a
 * package with a small program and without systemd.
 */

const ROOT = path.join(import.meta.dirname, '..');
const hasDpkg = spawnSync('dpkg-deb', ['--version']).status === 0;
const hasLintian = spawnSync('lintian', ['--version']).status === 0;
const reason = hasDpkg ? whyNoSystemd() : 'there is no dpkg';
const DATA = '/var/lib/llamactl';
const CONFIGURATION = '/etc/llamactl/config.yaml';
const UNIT = 'llamactl.service';

let folder: string;

beforeAll(async () => {
  // Not below /tmp: the service has one of its own.
  folder = await mkdtemp(path.join(ROOT, '.cache', 'debian-'));
  await chmod(folder, 0o755);
});

afterAll(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));

/** @returns the file */
async function packaged(version: string, executable: string): Promise<string> {
  const output = await mkdtemp(path.join(folder, 'output-'));
  const work = await mkdtemp(path.join(folder, 'work-'));
  const licences = path.join(ROOT, 'LICENSE');
  const homepage = 'https://example.com/llamactl';
  const parts = { root: ROOT, version, epoch: 1_790_000_000, executable, licences, homepage };
  const name = await buildDebianPackage(output, work, parts);
  await rm(work, { recursive: true });
  return path.join(output, name);
}

const dpkgDeb = (...words: string[]): string => execFileSync('dpkg-deb', words, { encoding: 'utf8' });

describe.skipIf(!hasDpkg)('the Debian package', () => {
  let program: string;
  let file: string;

  beforeAll(async () => {
    program = path.join(folder, 'program');
    await writeFile(program, '#!/bin/sh\necho "llamactl 1.2.3"\n', { mode: 0o600 });
    file = await packaged('1.2.3-rc.1', program);
  });

  it('has the program, its unit, its configuration, and what its licences require, all of root', () => {
    const listed = dpkgDeb('--contents', file).trim().split('\n');
    const files = listed.filter((line) => line.startsWith('-')).map((line) => line.replace(/ +\d+ \S+ \S+ \./, ' '));
    expect(files).toEqual([
      `-rw-r--r-- root/root ${CONFIGURATION}`,
      '-rwxr-xr-x root/root /usr/bin/llamactl',
      '-rw-r--r-- root/root /usr/lib/systemd/system/llamactl.service',
      '-rw-r--r-- root/root /usr/share/doc/llamactl/NEWS.md.gz',
      '-rw-r--r-- root/root /usr/share/doc/llamactl/THIRD-PARTY-LICENCES.txt.gz',
      '-rw-r--r-- root/root /usr/share/doc/llamactl/changelog.gz',
      '-rw-r--r-- root/root /usr/share/doc/llamactl/copyright',
      '-rw-r--r-- root/root /usr/share/doc/llamactl/examples/llamactl.example.yaml',
      '-rw-r--r-- root/root /usr/share/lintian/overrides/llamactl',
    ]);
    expect(listed.filter((line) => line.startsWith('d') && !line.startsWith('drwxr-xr-x root/root'))).toEqual([]);
    expect(dpkgDeb('--info', file, 'conffiles')).toBe(`${CONFIGURATION}\n`);
  });

  it('states its version as Debian sorts it, and the architecture of the executable', () => {
    const architecture = process.arch === 'x64' ? 'amd64' : process.arch;
    expect(path.basename(file)).toBe(`llamactl_1.2.3~rc.1_${architecture}.deb`);
    expect(dpkgDeb('--field', file, 'Package', 'Version', 'Architecture', 'Homepage')).toBe(
      `Package: llamactl\nVersion: 1.2.3~rc.1\nArchitecture: ${architecture}\nHomepage: https://example.com/llamactl\n`,
    );
  });

  it('is the same whenever it is built', async () => {
    expect(await readFile(await packaged('1.2.3-rc.1', program))).toEqual(await readFile(file));
  });

  describe.skipIf(reason !== null)(`without systemd${reason === null ? '' : ` (skipped: ${reason})`}`, () => {
    /** Runs commands of a shell; `$1` is the package. @returns what they printed */
    function inside(script: string): string {
      const enter = `mount --make-rprivate /
      ${overlays(path.join(folder, 'plain'))}
      mount -t tmpfs tmpfs /run
      exec sh -e -c "$1" sh "$2"`;
      const words = ['--mount', 'sh', '-e', '-c', enter, 'sh', script, file];
      const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', SYSTEMD_OFFLINE: '1' };
      return execFileSync('unshare', words, { encoding: 'utf8', env, stdio: ['ignore', 'pipe', 'pipe'] });
    }

    it('is installed with a user of its own, and enabled', () => {
      const text = inside(`dpkg --install "$1"; llamactl; getent passwd llamactl; id -nG llamactl
        readlink /etc/systemd/system/multi-user.target.wants/${UNIT}`);
      expect(text).toMatch(/^llamactl 1\.2\.3$/m);
      expect(text).toMatch(new RegExp(`^llamactl:.*:${DATA}:/usr/sbin/nologin$`, 'm'));
      expect(text).toMatch(/^llamactl video\b/m);
      expect(text).toMatch(new RegExp(`^(?:/usr)?/lib/systemd/system/${UNIT}$`, 'm'));
    });

    it('keeps a changed configuration, and that the service was disabled, over an upgrade', () => {
      const text = inside(`echo '# mine' >> ${CONFIGURATION}; rm /etc/systemd/system/multi-user.target.wants/${UNIT}
        dpkg --install "$1"; tail -n 1 ${CONFIGURATION}; ls /etc/systemd/system/multi-user.target.wants`);
      expect(text).toContain('# mine');
      expect(text).not.toContain(UNIT);
    });

    it('leaves data and configuration when it is removed, and only the data when it is purged', () => {
      const removed = inside(`mkdir --mode=700 ${DATA}; touch ${DATA}/state; dpkg --remove llamactl
        ls ${CONFIGURATION} ${DATA}; ! command -v llamactl`);
      expect(removed).toContain(`${CONFIGURATION}\n\n${DATA}:\nstate\n`);
      const purged = inside(`dpkg --purge llamactl; ls ${DATA}; getent passwd llamactl; ls /etc/llamactl 2>&1 || true`);
      expect(purged).toContain(
        `its data stays in ${DATA}. To delete it and its user: rm -r ${DATA} && userdel llamactl`,
      );
      expect(purged).toMatch(/^state\nllamactl:.*\n.*No such file or directory\n$/m);
    });

    it('asks about the data when a person purges it, and then leaves nothing', () => {
      const purge = (answer: string): string =>
        inside(`dpkg --install "$1" > /dev/null
        echo ${answer} | DEBIAN_FRONTEND= script --quiet --return --command 'dpkg --purge llamactl' /dev/null
        ls ${DATA} 2>&1 || true; getent passwd llamactl || echo no user; find /etc -name 'llamactl*'`);
      expect(purge('n')).toMatch(
        /Delete all data of llamactl in \/var\/lib\/llamactl \(.+\)\? \[y\/N\][^]*\nstate\nllamactl:/,
      );
      expect(purge('y')).toMatch(/No such file or directory\nno user\n$/);
    });

    it('keeps a user of its name that it did not make', () => {
      const text = inside(`useradd --home-dir /home/llamactl llamactl; dpkg --install "$1" > /dev/null
        rm -rf ${DATA}; dpkg --purge llamactl > /dev/null; getent passwd llamactl`);
      expect(text).toMatch(/^llamactl:.*:\/home\/llamactl:/m);
    });
  });
});

describe.runIf(isLong && reason === null)('the Debian package under systemd, with the real program and engine', () => {
  let ports: PortBlock;
  let machine: SystemdMachine;
  let url: string;
  let disk: string;
  let packages: string[];

  beforeAll(async () => {
    ports = await PortBlock.take();
    const port = ports.next();
    url = `http://127.0.0.1:${port}`;
    disk = path.join(folder, 'disk');
    // The user of the service cannot enter the folders of this checkout.
    await cp(path.dirname(testEngine()), path.join(disk, 'var', 'engine'), { recursive: true, verbatimSymlinks: true });
    await cp(await testModel(), path.join(disk, 'var', 'engine', 'demo.gguf'));
    const drop = path.join(folder, 'units', `${UNIT}.d`);
    await mkdir(drop, { recursive: true });
    const variables = {
      SERVER_PORT: port,
      RATE_LIMIT_ENABLED: false,
      INSTANCES_PORT_RANGE: ports.range.join(','),
      ENGINES_LLAMA_CPP_COMMAND: `/var/engine/${path.basename(testEngine())}`,
    };
    const lines = Object.entries(variables).map(([name, value]) => `Environment=LLAMACTL_${name}=${String(value)}\n`);
    await writeFile(path.join(drop, 'test.conf'), `[Service]\n${lines.join('')}`);
    const executable = path.join(folder, 'executable');
    await buildExecutable(executable, { commit: '0123abc', time: '2026-09-21T14:13:20.000Z' });
    packages = [await packaged('1.0.0', executable), await packaged('1.0.1', executable)];
    machine = await SystemdMachine.boot(folder, disk);
    // In containers it keeps packages from starting services.
    await machine.run('rm', '--force', '/usr/sbin/policy-rc.d');
  }, 600_000);

  afterAll(async () => {
    await machine.dispose();
    ports.release();
  });

  async function call(method: string, route: string, body?: unknown): Promise<unknown> {
    const content = { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
    const response = await fetch(url + route, { method, ...(body === undefined ? {} : content) });
    if (!response.ok) throw new Error(`${method} ${route}: ${response.status} ${await response.text()}`);
    return response.json();
  }

  const chat = async (): Promise<Instance> => InstanceSchema.parse(await call('GET', '/api/instances/chat'));
  const answer = async (): Promise<string> => {
    const question = { model: 'chat', messages: [{ role: 'user', content: 'Hello!' }] };
    const { choices } = (await call('POST', '/v1/chat/completions', question)) as {
      choices: { message: { content: string } }[];
    };
    return choices[0]?.message.content ?? '';
  };
  const dpkg = async (...words: string[]): Promise<string> => {
    const { status, stdout, stderr } = await machine.result('env', 'DEBIAN_FRONTEND=noninteractive', 'dpkg', ...words);
    expect(status, stderr).toBe(0);
    return stdout + stderr;
  };
  const state = (): Promise<string> => machine.show(UNIT, 'ActiveState');
  const until = async (condition: () => Promise<boolean>): Promise<void> => {
    while (!(await condition())) await pause(100);
  };
  const isRunning = async (): Promise<boolean> => (await chat()).status === 'running';

  it.skipIf(!hasLintian)('has no errors of lintian, where it is installed', async () => {
    const { stdout } = await machine.result('lintian', '--allow-root', '--fail-on', 'none', packages[0] ?? '');
    expect(stdout.split('\n').filter((line) => line.startsWith('E:'))).toEqual([]);
  });

  it('serves once it is installed, as its user', async () => {
    await dpkg('--install', packages[0] ?? '');
    expect(await state()).toBe('active');
    expect(await machine.show(UNIT, 'StatusText')).toContain(`listens on ${url}`);
    expect(await machine.run('stat', '--format=%U %a', DATA)).toBe('llamactl 700');
    await call('POST', '/api/instances', {
      name: 'chat',
      model_path: '/var/engine/demo.gguf',
      options: { ctx_size: 512 },
    });
    await call('POST', '/api/instances/chat/start?wait=true');
    expect(await answer()).toBe(DEMO_SENTENCE);
  });

  it('is upgraded under load: no request fails, and the engine stays', async () => {
    await appendFile(path.join(disk, CONFIGURATION), '# mine\n');
    const { pid: engine } = await chat();
    const server = await machine.show(UNIT, 'MainPID');
    const load = new SteadyLoad(Number(new URL(url).port));
    for (const kind of ['kept', 'new'] as const) load.ask(kind, '/api/instances/chat/proxy/health', 5);
    load.storm(10);
    const answers: string[] = [];
    const over = new AbortController();
    const asking = (async () => {
      while (!over.signal.aborted) answers.push(await answer());
    })();
    await until(async () => answers.length > 3);
    const before = answers.length;
    await dpkg('--install', packages[1] ?? '');
    await until(async () => answers.length > before + 3);
    over.abort();
    await asking;
    await load.end();

    expect(load.faults).toEqual([]);
    expect(new Set(answers)).toEqual(new Set([DEMO_SENTENCE]));
    expect(await chat()).toMatchObject({ status: 'running', pid: engine });
    const now = await machine.show(UNIT, 'MainPID');
    expect(now).not.toBe(server);
    expect(await machine.run('readlink', `/proc/${now}/exe`)).toBe('/usr/bin/llamactl');
    expect(await machine.run('tail', '--lines=1', CONFIGURATION)).toBe('# mine');
  });

  it('continues with the old server if the new one cannot start, and prints the way on', async () => {
    const server = await machine.show(UNIT, 'MainPID');
    await machine.run('sh', '-c', `echo 'nonsense: 1' >> ${CONFIGURATION}`);
    expect(await dpkg('--install', packages[1] ?? '')).toContain('the new version does not serve;');
    await machine.run('sed', '--in-place', '/nonsense/d', CONFIGURATION);
    expect(await machine.show(UNIT, 'MainPID')).toBe(server);
    expect(await answer()).toBe(DEMO_SENTENCE);
  });

  it('starts with the machine, and with it the instances', async () => {
    await machine.dispose();
    machine = await SystemdMachine.boot(folder, disk);
    await until(async () => (await state()) === 'active');
    await until(isRunning);
    expect(await answer()).toBe(DEMO_SENTENCE);
  });

  it('leaves no process when it is removed, and goes on when it is installed again', async () => {
    const { pid: engine } = await chat();
    expect(await dpkg('--remove', 'llamactl')).not.toContain('still running');
    expect(await state()).toBe('inactive');
    await expect(machine.run('test', '-e', `/proc/${engine}`)).rejects.toThrow('Command failed');
    expect(await machine.result('pgrep', '--uid', 'llamactl')).toMatchObject({ status: 1, stdout: '' });
    expect(existsSync(path.join(disk, 'usr', 'bin', 'llamactl'))).toBe(false);
    await dpkg('--install', packages[1] ?? '');
    expect(await state()).toBe('active');
    await until(isRunning);
    expect(await answer()).toBe(DEMO_SENTENCE);
  });

  it('leaves only data when it is purged', async () => {
    expect(await dpkg('--purge', 'llamactl')).toContain(`its data stays in ${DATA}`);
    expect(await machine.result('pgrep', '--uid', 'llamactl')).toMatchObject({ status: 1, stdout: '' });
    expect(await machine.run('ls', '-A', DATA)).not.toBe('');
    expect(
      await machine.run(
        'find',
        '/etc',
        '/usr/bin',
        '/usr/lib/systemd',
        '-name',
        '*llamactl*',
        '!',
        '-path',
        '*/units/*',
      ),
    ).toBe('');
  });
});
