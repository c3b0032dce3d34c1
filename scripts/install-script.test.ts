import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
} from 'node:fs';
import { rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

/** packaging/install.sh in dash, with a small program in place of the executable. */

const SCRIPT = path.join(import.meta.dirname, '..', 'packaging', 'install.sh');
const SHELL = existsSync('/bin/dash') ? '/bin/dash' : '/bin/sh';

let folder: string;
let home: string;
let target: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'llamactl install '));
  home = path.join(folder, 'home');
  target = path.join(home, '.local', 'bin', 'llamactl');
  mkdirSync(home);
  file = release('1.0.0');
});

afterEach(() => rmSync(folder, { recursive: true }));

const program = (version: string): string => `#!/bin/sh\necho "llamactl ${version}"\n`;
const sha256 = (name: string): string => createHash('sha256').update(readFileSync(name)).digest('hex');

/** Makes the archive of a release, with its checksums. @returns the archive */
function release(version: string): string {
  const name = `llamactl-${version}-linux-x64`;
  mkdirSync(path.join(folder, name));
  writeFileSync(path.join(folder, name, 'llamactl'), program(version));
  const archive = path.join(folder, `${name}.tar.gz`);
  expect(spawnSync('tar', ['-czf', archive, '-C', folder, name]).status).toBe(0);
  writeFileSync(path.join(folder, 'SHA256SUMS'), `${'0'.repeat(64)}  other\n${sha256(archive)}  ${name}.tar.gz\n`);
  return archive;
}

function install(
  words: readonly string[],
  variables: Record<string, string> = {},
): { status: number | null; output: string } {
  // Root's own default is another folder.
  const env = { HOME: home, PATH: '/usr/bin:/bin', PREFIX: path.join(home, '.local'), ...variables };
  const { status, stdout, stderr } = spawnSync(SHELL, [SCRIPT, ...words], { env, encoding: 'utf8', cwd: folder });
  return { status, output: stdout + stderr };
}

const version = (): string => spawnSync(target, ['version'], { encoding: 'utf8' }).stdout;
/** The files in the folder of the program. */
const installed = (): string[] => (existsSync(path.dirname(target)) ? readdirSync(path.dirname(target)) : []);

describe('the installation script', () => {
  it('installs the program of a release, and prints what it did and the next steps', () => {
    const { status, output } = install([file]);
    expect({ status, output }).toMatchObject({ status: 0 });
    expect(output).toBe(`installed ${target}: llamactl 1.0.0
${path.dirname(target)} is not in PATH. To add it, put this line into ~/.profile, and log in again:
  export PATH="${path.dirname(target)}:$PATH"
next: llamactl up    # starts a server in the background
`);
    expect(version()).toBe('llamactl 1.0.0\n');
    expect(lstatSync(target).mode & 0o777).toBe(0o755);
    expect(installed()).toEqual(['llamactl']);
  });

  it('installs an executable whose checksum is given, into a folder that is given', () => {
    const executable = path.join(folder, 'llamactl-linux-x64');
    writeFileSync(executable, program('2.0.0'));
    const { status, output } = install(['--prefix', 'other', '--sha256', sha256(executable).toUpperCase(), executable]);
    expect({ status, output }).toMatchObject({ status: 0 });
    expect(output).toContain(`installed ${folder}/other/bin/llamactl: llamactl 2.0.0`);
  });

  it.each([
    ['without an end of the last line', (line: string) => line],
    ['with the line ends of Windows', (line: string) => `${line}\r\n`],
    ['of binary files', (line: string) => `${line.replace('  ', ' *')}\n`],
  ])('reads a list of checksums %s', (_title, ending) => {
    writeFileSync(path.join(folder, 'SHA256SUMS'), ending(`${sha256(file)}  ${path.basename(file)}`));
    expect(install([file])).toMatchObject({ status: 0 });
    expect(version()).toBe('llamactl 1.0.0\n');
  });

  it.runIf(process.getuid?.() === 0)('makes root the owner of a program whose archive names another', () => {
    const words = ['-czf', file, '--owner=4321', '--group=4321', '-C', folder, path.basename(file, '.tar.gz')];
    expect(spawnSync('tar', words).status).toBe(0);
    expect(install(['--sha256', sha256(file), file])).toMatchObject({ status: 0 });
    expect([lstatSync(target).uid, lstatSync(target).gid]).toEqual([0, 0]);
  });

  it('by default installs for the user, and for root into /usr/local', () => {
    mkdirSync(path.join(folder, 'tools'));
    for (const [uid, prefix] of [
      ['1000', `${home}/.local`],
      ['0', '/usr/local'],
    ] as const) {
      writeFileSync(path.join(folder, 'tools', 'id'), `#!/bin/sh\necho ${uid}\n`, { mode: 0o755 });
      const { output } = install(['--uninstall'], { PREFIX: '', PATH: `${folder}/tools:/usr/bin:/bin` });
      expect(output).toContain(`${prefix}/bin/llamactl`);
    }
  });

  it('does nothing if the same program is there', () => {
    install([file]);
    const { ino } = lstatSync(target);
    expect(install([file])).toMatchObject({
      status: 0,
      output: expect.stringMatching(/^\/.* is up to date: llamactl 1\.0\.0\n/) as unknown,
    });
    expect(lstatSync(target).ino).toBe(ino);
  });

  it('replaces a program while it runs, which cannot be removed then', async () => {
    mkdirSync(path.dirname(target), { recursive: true });
    copyFileSync('/bin/sleep', target);
    chmodSync(target, 0o755);
    const child = spawn(target, ['600'], { stdio: 'ignore' });
    try {
      await new Promise((resolve) => child.once('spawn', resolve));
      expect(install(['--uninstall'])).toMatchObject({
        status: 1,
        output: expect.stringContaining(
          `is running (process ${child.pid}). First remove its service and stop it`,
        ) as unknown,
      });
      const { status, output } = install([file]);
      expect({ status, output }).toMatchObject({ status: 0 });
      expect(output).toContain(`the old program still runs (process ${child.pid})\n`);
      expect(output).toMatch(/^next: llamactl reload /m);
      expect(version()).toBe('llamactl 1.0.0\n');
      expect(child.exitCode).toBe(null);
    } finally {
      child.kill('SIGKILL');
    }
  });

  it('replaces a link, not the file to which it leads', () => {
    const own = path.join(folder, 'own');
    writeFileSync(own, program('0.9.0'), { mode: 0o755 });
    mkdirSync(path.dirname(target), { recursive: true });
    symlinkSync(own, target);
    expect(install([file]).output).toContain('it replaces llamactl 0.9.0');
    expect(readFileSync(own, 'utf8')).toBe(program('0.9.0'));
    expect(version()).toBe('llamactl 1.0.0\n');
  });

  it('warns if the shell would start another llamactl', () => {
    const other = path.join(folder, 'llamactl');
    writeFileSync(other, program('0.9.0'), { mode: 0o755 });
    const { output } = install([file], { PATH: `${folder}:${path.dirname(target)}:/usr/bin:/bin` });
    expect(output).toContain(`warning: llamactl means ${other}, which is earlier in PATH`);
    expect(output).not.toContain('is not in PATH');
  });

  describe('changes nothing, and gives the reason, for', () => {
    it.each([
      ['a damaged file', () => writeFileSync(file, 'x'), () => [file], /is damaged or another file/],
      ['a wrong checksum', () => undefined, () => ['--sha256', 'abc', file], /is damaged or another file/],
      ['no checksum', () => rmSync(path.join(folder, 'SHA256SUMS')), () => [file], /no checksum to compare/],
      ['a file without a checksum', () => writeFileSync(`${file}2`, ''), () => [`${file}2`], /does not list/],
      ['no file', () => undefined, () => [], /^Usage: sh install\.sh/],
      ['a missing file', () => undefined, () => ['nothing'], /nothing does not exist/],
      ['an unknown option', () => undefined, () => ['--force', file], /unknown option --force/],
    ])('%s', (_, prepare, words, message) => {
      prepare();
      const { status, output } = install(words());
      expect(status).toBeGreaterThan(0);
      expect(output).toMatch(message);
      expect(installed()).toEqual([]);
    });

    it('a program that does not run here', () => {
      install([file]);
      const other = path.join(folder, 'foreign');
      writeFileSync(other, '#!/bin/sh\nexit 1\n');
      const { status, output } = install(['--sha256', sha256(other), other]);
      expect({ status, output }).toMatchObject({ status: 1 });
      expect(output).toContain('does not run on this machine');
      expect(version()).toBe('llamactl 1.0.0\n');
      expect(installed()).toEqual(['llamactl']);
    });
  });

  it('removes the program, and leaves everything else', () => {
    install([file]);
    const { status, output } = install(['--uninstall']);
    expect({ status, output }).toMatchObject({ status: 0 });
    expect(output).toContain(`removed ${target}\ndata and configuration stay in`);
    expect(installed()).toEqual([]);
    expect(install(['--uninstall'])).toMatchObject({
      status: 0,
      output: `${target} does not exist: nothing to remove\n`,
    });
  });
});
