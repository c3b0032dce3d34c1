import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkDatabase, checkDataDirectory, checkModels } from './folder-checks.ts';

const UID = process.getuid?.() ?? null;
const roomy = { disk: async () => ({ available: 78_000_000_000, level: null }) };
let home: string;

beforeEach(() => {
  home = mkdtempSync(path.join(os.tmpdir(), 'llamactl-doctor-'));
});

afterEach(() => rmSync(home, { recursive: true, force: true }));

describe('the data directory', () => {
  it.each([
    [0o700, 'ok'],
    [0o750, 'warning'],
    [0o770, 'error'],
  ])('of mode %o', async (mode, level) => {
    chmodSync(home, mode);
    const [finding] = await checkDataDirectory(home, UID, roomy);
    expect(finding?.level).toBe(level);
    if (level !== 'ok') expect(finding?.remedies).toEqual([`chmod 700 ${home}`]);
  });

  it('of somebody else is wrong', async () => {
    const [finding] = await checkDataDirectory(home, (UID ?? 0) + 1, roomy);
    expect(finding).toMatchObject({ level: 'error', message: expect.stringContaining('another user') as unknown });
  });

  it('that is not there yet will be made', async () => {
    const [finding, disk] = await checkDataDirectory(path.join(home, 'a', 'b'), UID, roomy);
    expect(finding).toMatchObject({ level: 'ok', message: expect.stringContaining('not there yet') as unknown });
    expect(disk).toMatchObject({ check: 'disk', level: 'ok', message: '78 GB are free for data_dir' });
  });

  it('that is a file is wrong', async () => {
    const file = path.join(home, 'file');
    writeFileSync(file, '');
    expect(await checkDataDirectory(file, UID, roomy)).toMatchObject([{ level: 'error' }]);
    expect(await checkDataDirectory(path.join(file, 'below'), UID, roomy)).toMatchObject([{ level: 'error' }]);
  });

  it.each(['warning', 'error'] as const)('on a disk that has little left is a matter of %s', async (level) => {
    const full = { disk: async () => ({ available: 10_000_000, level }) };
    const [, finding] = await checkDataDirectory(home, UID, full);
    expect(finding).toMatchObject({ check: 'disk', level, message: 'only 10 MB are free for data_dir' });
  });
});

describe('the database', () => {
  it('that is whole is well, and so is one that is not there yet', () => {
    expect(checkDatabase('/data', { database: () => ({ is: 'whole', bytes: 4_000_000, schema: 2 }) })).toMatchObject({
      level: 'ok',
      message: 'it is whole: 4.0 MB, schema version 2',
    });
    expect(checkDatabase('/data', { database: () => ({ is: 'none' }) })).toMatchObject({ level: 'ok' });
  });

  it('that cannot be read now deserves a look', () => {
    const database = () => ({ is: 'unreadable', reason: 'its disk is full' }) as const;
    expect(checkDatabase('/data', { database })).toMatchObject({ level: 'warning', message: 'its disk is full' });
  });

  it('that is not is wrong, in the words of the store', () => {
    const database = (): never => {
      throw new Error('/data/llamactl.db is damaged');
    };
    expect(checkDatabase('/data', { database })).toMatchObject({
      level: 'error',
      message: '/data/llamactl.db is damaged',
    });
  });
});

describe('model folders', () => {
  it('with models are well', () => {
    mkdirSync(path.join(home, 'org'));
    writeFileSync(path.join(home, 'org', 'm.gguf'), '');
    writeFileSync(path.join(home, 'README.md'), '');
    expect(checkModels([home, '/nowhere'])).toMatchObject({ level: 'ok', message: `1 model file below ${home}` });
  });

  it('without any deserve a look', () => {
    expect(checkModels([home])).toMatchObject({ level: 'warning', message: `no .gguf below ${home}` });
    expect(checkModels(['/nowhere'])).toMatchObject({ level: 'warning', message: 'there is no folder /nowhere' });
  });
});
