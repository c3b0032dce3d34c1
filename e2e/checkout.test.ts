import { type ChildProcessByStdio, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  access,
  cp,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { VERSION } from '@llamactl/server/version';
import { ServerProcess } from './server-process.ts';

/** The launcher of a checkout: it runs a bundle of the sources, which is made again after each change. */

const ECHO = path.join(import.meta.dirname, 'echo-engine.ts');
const ROOT = path.join(import.meta.dirname, '..');
const WORKSPACES = ['contract', 'client', 'server', 'cli', 'web'];
const FILES = [
  'llamactl',
  'package.json',
  'package-lock.json',
  'format',
  'tsconfig.json',
  ...[
    'bundle',
    'checkout-page',
    'checkout-program',
    'compiled-script',
    'package-folder',
    'page-build',
    'smaller-code',
    'stand-ins',
  ].map((name) => `scripts/${name}.ts`),
];

let folder: string;
let launcher: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'llamactl-checkout-'));
  launcher = path.join(folder, 'llamactl');
  const isSource = (file: string): boolean => !/\/node_modules$|\/dist$/.test(file);
  for (const name of [...WORKSPACES, ...FILES])
    await cp(path.join(ROOT, name), path.join(folder, name), { recursive: true, filter: isSource });
  await installPackages();
});

afterAll(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));

/** Packages as npm installs them, with links to those of this checkout. */
async function installPackages(): Promise<void> {
  const from = path.join(ROOT, 'node_modules');
  const to = path.join(folder, 'node_modules');
  await mkdir(path.join(to, '@llamactl'), { recursive: true });
  for (const name of await readdir(from))
    if (name !== '@llamactl' && name !== '.llamactl-lock') await symlink(path.join(from, name), path.join(to, name));
  for (const name of WORKSPACES) await symlink(path.join(folder, name), path.join(to, '@llamactl', name));
  await cp(path.join(folder, 'package-lock.json'), path.join(to, '.llamactl-lock'));
}

async function llamactl(...words: string[]): Promise<{ stdout: string; stderr: string }> {
  const env = { PATH: process.env['PATH'] ?? '', HOME: folder, NODE_COMPILE_CACHE: path.join(folder, 'compiled') };
  return promisify(execFile)(launcher, words, { env });
}

const currentBundle = (): Promise<string> => readlink(path.join(folder, '.cache', 'program', 'current'));

/** Replaces text in a source, like an update. */
async function change(file: string, text: string, replacement: string): Promise<void> {
  const before = await readFile(path.join(folder, file), 'utf8');
  expect(before).toContain(text);
  await writeFile(path.join(folder, file), before.replace(text, replacement));
}

describe('the launcher that installs packages', () => {
  let bare: string;
  beforeAll(async () => {
    bare = path.join(folder, 'bare');
    await mkdir(path.join(bare, 'bin'), { recursive: true });
    for (const name of ['llamactl', 'package-lock.json']) await cp(path.join(ROOT, name), path.join(bare, name));
  });

  /** Starts it in a group of its own, as a shell does, with a program as npm. */
  async function begin(npm: string): Promise<ChildProcessByStdio<null, null, Readable>> {
    await writeFile(path.join(bare, 'bin', 'npm'), `#!/bin/sh\n${npm}\n`, { mode: 0o755 });
    const env = { PATH: `${path.join(bare, 'bin')}:/usr/bin:/bin`, HOME: folder };
    return spawn(path.join(bare, 'llamactl'), ['ps'], { env, detached: true, stdio: ['ignore', 'ignore', 'pipe'] });
  }
  const FIRST = 'llamactl: installing its packages (once, about half a minute) …\n';

  it('prints no words of npm after Ctrl-C', async () => {
    const begun = path.join(bare, 'begun');
    const child = await begin(
      `trap 'echo "npm error signal SIGINT" >&2; exit 1' INT; mkfifo '${begun}.pipe'; : > '${begun}'; read _ < '${begun}.pipe'`,
    );
    const errors = text(child.stderr);
    const ended = once(child, 'close');
    await vi.waitFor(() => access(begun), { timeout: 10_000, interval: 5 });
    process.kill(-(child.pid ?? 0), 'SIGINT');
    expect([await ended, await errors]).toEqual([
      [130, null],
      `${FIRST}\nllamactl: interrupted; run this again to continue\n`,
    ]);
  });

  it('prints what npm said when that fails', async () => {
    const child = await begin('echo no room >&2; exit 3');
    const ended = once(child, 'close');
    expect(await text(child.stderr)).toBe(
      `${FIRST}no room\nllamactl: npm could not install the packages; what it printed above says why.\n`,
    );
    expect(await ended).toEqual([1, null]);
  });
});

describe('the launcher', () => {
  it('bundles the program once, silently', async () => {
    const { stdout, stderr } = await llamactl('version');
    expect([stdout, stderr]).toEqual([expect.stringMatching(/^llamactl \d/), '']);
    const bundle = await currentBundle();
    await llamactl('version');
    expect(await currentBundle()).toBe(bundle);
  });

  it('bundles it again after a change, and keeps what a running program may load', async () => {
    const bundle = await currentBundle();
    await change('cli/commands/version.ts', 'llamactl ${version}', 'changed ${version}');
    expect((await llamactl('version')).stdout).toMatch(/^changed /);
    expect(await currentBundle()).not.toBe(bundle);
    expect(await readdir(path.join(folder, '.cache', 'program', bundle))).toContain('main.js');
  });

  it('builds the web page, and again after a change of it, while a server goes on with the last build', async () => {
    const built = (): Promise<string> => readFile(path.join(folder, 'web', 'dist', 'index.html'), 'utf8');
    expect(await built()).toContain('./assets/');
    const server = await ServerProcess.create('', () => [], [launcher]);
    try {
      await server.start();
      const page = async (): Promise<string> => (await fetch(`${server.url}/`)).text();
      expect(await page()).toBe(await built());
      await change('web/index.html', '<title>llamactl</title>', '<title>changed</title>');
      await llamactl('version');
      expect(await built()).toContain('<title>changed</title>');
      expect(await page()).toBe(await built());
      const assets = [...(await page()).matchAll(/"\.(\/assets\/[^"]+)"/g)].map(([, url]) => url);
      expect(assets.length).toBeGreaterThan(0);
      for (const url of assets) expect((await fetch(server.url + url)).status, url).toBe(200);
    } finally {
      await server.dispose();
    }
  });

  it('does without a web page that cannot be built, and says so', async () => {
    await change('web/index.html', '/main.tsx', '/missing.tsx');
    const { stdout, stderr } = await llamactl('version');
    expect(stdout).toMatch(/^changed /);
    expect(stderr).toContain('missing.tsx');
    expect(stderr).toMatch(/^llamactl: the web page could not be built; everything else works\n$/m);
    await change('web/index.html', '/missing.tsx', '/main.tsx');
  });

  it('replaces a running server by the changed program with reload', async () => {
    const server = await ServerProcess.create('', () => [], [launcher]);
    try {
      await server.start();
      await change('server/package.json', `"version": "${VERSION}"`, '"version": "9.9.9"');
      await llamactl('reload', '--data-dir', server.dataDirectory);
      expect((await server.call('GET', '/api/system/info')).body).toMatchObject({ version: '9.9.9' });
    } finally {
      await server.dispose();
    }
  });

  it('keeps the compiled code of a server for the next start, and once more after a relayed request', async () => {
    const compiled = path.join(folder, 'compiled by servers');
    const engines = { echo: { kind: 'custom', command: process.execPath, args: [ECHO, '${PORT}'] } };
    const configuration = `engines: ${JSON.stringify(engines)}\n`;
    const server = await ServerProcess.create(configuration, () => ['env', `NODE_COMPILE_CACHE=${compiled}`], [
      launcher,
    ]);
    const kept = async (): Promise<string[]> => {
      const files = (await readdir(compiled, { recursive: true })).filter((name) => /\bllamactl-/.test(name));
      return Promise.all(files.map(async (name) => `${name} ${(await stat(path.join(compiled, name))).ino}`));
    };
    try {
      await server.start();
      expect(await kept()).toEqual([]);
      await server.end('SIGTERM');
      expect(await kept()).toHaveLength(1);
      const ofStart = await kept();
      await server.start();
      await server.call('POST', '/api/instances', { name: 'echo', engine: 'echo', health_path: '/' });
      await server.call('POST', '/api/instances/echo/start?wait=true');
      await server.end('SIGTERM');
      expect(await kept()).toEqual(ofStart);
      await server.start();
      const { status } = await server.call('POST', '/v1/chat/completions', { model: 'echo', messages: [] });
      expect(status).toBe(200);
      await server.end('SIGTERM');
      expect(await kept()).not.toEqual(ofStart);
      expect(await kept()).toHaveLength(1);
    } finally {
      await server.dispose();
    }
  });

  it('runs the sources, and says so, if they cannot be bundled', async () => {
    await writeFile(
      path.join(folder, 'scripts', 'bundle.ts'),
      "export function bundle() { throw new Error('no native part'); }\n",
    );
    const { stdout, stderr } = await llamactl('version');
    expect(stdout).toMatch(/^changed 9\.9\.9/);
    expect(stderr).toContain('no native part');
    expect(stderr).toMatch(/^llamactl: the program could not be bundled; running from its sources\n$/m);
  });
});
