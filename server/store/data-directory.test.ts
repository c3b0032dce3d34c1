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
  const sentence = shutDataDirectory(directory, uid);
  return [(statSync(directory).mode & 0o7777).toString(8), sentence];
};

describe('a data directory that other users can access', () => {
  it.each([0o755, 0o750, 0o777, 0o701, 0o2770])('gets mode 0700: %o', (mode) => {
    const [after, sentence] = modeAfter(mode);
    expect([Number.parseInt(after, 8) & 0o777, sentence]).toEqual([0o700, null]);
  });

  it('gets mode 0700 if it contains only files of llamactl', () => {
    for (const name of ['llamactl.db', 'llamactl.db-wal', 'server.lock', 'server.lock-journal', 'server.json'])
      writeFileSync(path.join(directory, name), '');
    for (const name of ['admin-password', 'llamactl.yaml', 'models.index', 'models.figures', 'server.log'])
      writeFileSync(path.join(directory, name), '');
    for (const name of ['load-times.json', 'machine-stats.gz', 'usage.gz', 'requests.jsonl', 'requests.jsonl.new'])
      writeFileSync(path.join(directory, name), '');
    writeFileSync(path.join(directory, 'requests-in-flight.jsonl'), '');
    for (const name of ['instances', 'engines', 'models', 'doors', 'rehearsal', 'lost+found'])
      mkdirSync(path.join(directory, name));
    expect(modeAfter(0o755)).toEqual(['700', null]);
  });

  it('stays unchanged if it contains a foreign file, with a warning', () => {
    writeFileSync(path.join(directory, '.profile'), '');
    expect(modeAfter(0o755)).toEqual([
      '755',
      `${directory} can be read by other users. llamactl did not change its mode, because .profile in it does not belong to llamactl. Give llamactl its own directory with mode 0700.`,
    ]);
  });

  it('stays unchanged if it belongs to another user, with a warning that names the danger', () => {
    const [after, sentence] = modeAfter(0o1777, UID + 1);
    expect(after).toBe('1777');
    expect(sentence).toMatch(
      /can be written by other users, who can so act as you\. .*, because it belongs to another user/,
    );
  });
});

it('a private data directory is not changed', () => {
  for (const mode of [0o700, 0o500]) expect(modeAfter(mode, UID + 1)).toEqual([mode.toString(8), null]);
  chmodSync(directory, 0o700);
});

it('reports a file in place of the folder of instances', () => {
  assertFolder(directory);
  writeFileSync(path.join(directory, 'instances'), '');
  expect(() => assertFolder(directory)).toThrow(`${path.join(directory, 'instances')} is not a folder`);
});
