import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { assertFolder, shutDataDirectory } from './data-directory.ts';

const UID = process.getuid?.() ?? 0;

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(path.join(os.tmpdir(), 'llamactl-data-directory-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const modeAfter = (mode: number, uid = UID): [string, string | null] => {
  chmodSync(directory, mode);
  const told = shutDataDirectory(directory, uid);
  return [(statSync(directory).mode & 0o7777).toString(8), told];
};

describe('a data directory that others can get into', () => {
  it.each([0o755, 0o750, 0o777, 0o701, 0o2770])('is shut: %o', (mode) => {
    const [after, told] = modeAfter(mode);
    expect([Number.parseInt(after, 8) & 0o777, told]).toEqual([0o700, null]);
  });

  it('is shut with everything in it that can be ours', () => {
    for (const name of ['llamactl.db', 'llamactl.db-wal', 'server.lock', 'server.lock-journal', 'server.json'])
      writeFileSync(path.join(directory, name), '');
    for (const name of ['admin-password', 'llamactl.yaml']) writeFileSync(path.join(directory, name), '');
    for (const name of ['instances', 'engines', 'models', 'doors', 'rehearsal', 'lost+found'])
      mkdirSync(path.join(directory, name));
    expect(modeAfter(0o755)).toEqual(['700', null]);
  });

  it('stays as it is where something else lies in it, which is said', () => {
    writeFileSync(path.join(directory, '.profile'), '');
    expect(modeAfter(0o755)).toEqual([
      '755',
      `${directory} can be read by other users. llamactl did not change its mode, because .profile in it does not belong to llamactl. Give llamactl its own directory with mode 0700.`,
    ]);
  });

  it('stays as it is where it is of another user, and it is said what they can do', () => {
    const [after, told] = modeAfter(0o1777, UID + 1);
    expect(after).toBe('1777');
    expect(told).toMatch(
      /can be written by other users, who can so act as you\. .*, because it belongs to another user/,
    );
  });
});

it('a data directory that is shut is not touched', () => {
  for (const mode of [0o700, 0o500]) expect(modeAfter(mode, UID + 1)).toEqual([mode.toString(8), null]);
  chmodSync(directory, 0o700);
});

it('a file in the place of the folder of instances is told', () => {
  assertFolder(directory);
  writeFileSync(path.join(directory, 'instances'), '');
  expect(() => assertFolder(directory)).toThrow(`${path.join(directory, 'instances')} is not a folder`);
});
