import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ownProgram } from './own-program.ts';

const flags = { execArgv: ['--flag'], execPath: '/opt/node', argv0: 'node', env: {} };

describe('ownProgram', () => {
  it('is Node with its flags and script', () => {
    const started = { ...flags, argv: ['/opt/node', '/opt/llamactl/main.js', 'serve'] };
    expect(ownProgram(started, false)).toEqual({
      command: '/opt/node',
      argv: ['--flag', '/opt/llamactl/main.js'],
      script: '/opt/llamactl/main.js',
    });
  });
});

describe('in a checkout whose launcher has bundled the program', () => {
  it('is the launcher, which bundles it again after an update', () => {
    const argv = ['/opt/node', '/opt/llamactl/.cache/program/current/main.js', 'serve'];
    expect(ownProgram({ ...flags, argv }, false)).toEqual({
      command: '/opt/llamactl/llamactl',
      argv: [],
      script: '/opt/llamactl/cli/main.ts',
    });
  });
});

describe('for the single executable', () => {
  let folder: string;
  let execPath: string;
  let link: string;

  beforeEach(() => {
    folder = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'llamactl-own-program-')));
    execPath = path.join(folder, 'llamactl-1', 'llamactl');
    mkdirSync(path.dirname(execPath));
    writeFileSync(execPath, '');
    symlinkSync('llamactl-1', path.join(folder, 'current'));
    link = path.join(folder, 'current', 'llamactl');
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  const called = (argv0: string, PATH?: string) =>
    ownProgram({ execPath, execArgv: ['--flag'], argv: [execPath, argv0, 'serve'], argv0, env: { PATH } }, true);

  it('is the executable alone', () => {
    expect(called(execPath)).toEqual({ command: execPath, argv: [], script: null });
  });

  it('keeps the link that called it, which an update moves', () => {
    expect(called(link).command).toBe(link);
    expect(called(path.relative(process.cwd(), link)).command).toBe(link);
    expect(called('llamactl', `/nowhere:${path.dirname(link)}:${path.dirname(execPath)}`).command).toBe(link);
  });

  it.each(['', 'node', '-x y', '/nowhere/llamactl', process.execPath])(
    'is the executable itself when called as "%s"',
    (argv0) => {
      expect(called(argv0, '/usr/bin').command).toBe(execPath);
      expect(called(argv0).command).toBe(execPath);
    },
  );
});
