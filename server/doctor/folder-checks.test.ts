import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkDatabase, checkDataDirectory, checkDownloadFolder, checkModels } from './folder-checks.ts';

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
    if (level !== 'ok')
      expect(finding?.remedies).toMatchObject([{ label: 'Make it private', command: `chmod 700 ${home}` }]);
  });

  it('is an error if it belongs to another user', async () => {
    const [finding] = await checkDataDirectory(home, (UID ?? 0) + 1, roomy);
    expect(finding).toMatchObject({ level: 'error', message: expect.stringContaining('another user') as unknown });
  });

  it('is fine if the server can create it', async () => {
    const [finding, disk] = await checkDataDirectory(path.join(home, 'a', 'b'), UID, roomy);
    expect(finding).toMatchObject({ level: 'ok', message: expect.stringContaining('does not exist yet') as unknown });
    expect(disk).toMatchObject({ check: 'disk', level: 'ok', message: '78 GB free for data_dir' });
  });

  it('is an error if it is a file', async () => {
    const file = path.join(home, 'file');
    writeFileSync(file, '');
    expect(await checkDataDirectory(file, UID, roomy)).toMatchObject([{ level: 'error' }]);
    expect(await checkDataDirectory(path.join(file, 'below'), UID, roomy)).toMatchObject([{ level: 'error' }]);
  });

  it.each(['warning', 'error'] as const)('with little disk space left is of level %s', async (level) => {
    const full = { disk: async () => ({ available: 10_000_000, level }) };
    const [, finding] = await checkDataDirectory(home, UID, full);
    expect(finding).toMatchObject({ check: 'disk', level, message: 'only 10 MB free for data_dir' });
  });
});

describe('the folder for downloads', () => {
  const twoDisks = { deviceOf: (folder: string): number => (folder === home ? 1 : 2), mayWrite: () => true };

  it('on the disk of the data directory needs no finding of its own', async () => {
    expect(await checkDownloadFolder(path.join(home, 'hub'), home, roomy)).toEqual([]);
  });

  it('on another disk has its space', async () => {
    const cache = path.join(home, 'hub', 'models');
    expect(await checkDownloadFolder(cache, '/', roomy, twoDisks)).toMatchObject([
      { check: 'downloads', level: 'ok', message: `78 GB free for downloads in ${cache}` },
    ]);
    const full = { disk: async () => ({ available: 10_000_000, level: 'error' as const }) };
    expect(await checkDownloadFolder(cache, '/', full, twoDisks)).toMatchObject([
      { level: 'error', message: `only 10 MB free for downloads in ${cache}` },
    ]);
  });

  it('that cannot be written is a warning, with the setting for another', async () => {
    const cache = path.join(home, 'hub');
    const [finding] = await checkDownloadFolder(cache, home, roomy, { ...twoDisks, mayWrite: () => false });
    const message = `models cannot be downloaded to ${cache}: you may not write to ${home}`;
    expect([finding?.level, finding?.message]).toEqual(['warning', message]);
    expect(JSON.stringify(finding?.remedies)).toContain('models.cache_dir');
  });
});

describe('the database', () => {
  it('that may not be read says so, without advice to restore it', async () => {
    const denied = Object.assign(new Error("EACCES: permission denied, stat '/data/llamactl.db'"), {
      code: 'EACCES',
      syscall: 'stat',
      path: '/data/llamactl.db',
    });
    const database = async (): Promise<never> => {
      throw denied;
    };
    expect(await checkDatabase('/data', { database })).toMatchObject({
      level: 'error',
      message: '/data/llamactl.db cannot be read: permission denied',
      remedies: [],
    });
  });

  it('is fine if intact, or if none exists yet', async () => {
    expect(
      await checkDatabase('/data', { database: async () => ({ is: 'whole', bytes: 4_000_000, schema: 2 }) }),
    ).toMatchObject({
      level: 'ok',
      message: 'ok, 4.0 MB',
    });
    expect(await checkDatabase('/data', { database: async () => ({ is: 'none' }) })).toMatchObject({ level: 'ok' });
  });

  it('is a warning if it cannot be read now', async () => {
    const database = async () => ({ is: 'unreadable', reason: 'its disk is full' }) as const;
    expect(await checkDatabase('/data', { database })).toMatchObject({ level: 'warning', message: 'its disk is full' });
  });

  it('is an error if damaged, in the words of the store', async () => {
    const database = async (): Promise<never> => {
      throw new Error('/data/llamactl.db is damaged');
    };
    expect(await checkDatabase('/data', { database })).toMatchObject({
      level: 'error',
      message: '/data/llamactl.db is damaged',
      remedies: [{ label: 'To restore or salvage it, see docs/backup.md' }],
    });
  });

  it('is an error without such a remedy if it belongs to another program', async () => {
    const database = async (): Promise<never> => {
      throw new Error('/data/llamactl.db is not a database of llamactl: it holds other data. Choose another data_dir.');
    };
    expect(await checkDatabase('/data', { database })).toMatchObject({ level: 'error', remedies: [] });
  });
});

describe('model folders', () => {
  it('are fine with models', async () => {
    mkdirSync(path.join(home, 'org'));
    writeFileSync(path.join(home, 'org', 'm.gguf'), '');
    writeFileSync(path.join(home, 'README.md'), '');
    expect(await checkModels({ named: [], optional: [home, '/nowhere'] })).toMatchObject([
      { level: 'ok', message: `1 model file below ${home}` },
    ]);
  });

  it('are not the only place: models of other programs count too', async () => {
    const library = (['ollama', 'folder', 'hugging_face', 'ollama'] as const).map((source) => ({ source }));
    expect(await checkModels({ named: [], optional: [home] }, library)).toMatchObject([
      { level: 'ok', message: '2 models of Ollama; 1 model of Hugging Face' },
    ]);
    writeFileSync(path.join(home, 'm.gguf'), '');
    expect(await checkModels({ named: [], optional: [home] }, library)).toMatchObject([
      { message: `1 model file below ${home}; 2 models of Ollama; 1 model of Hugging Face` },
    ]);
  });

  it('that lead to the same files count these once', async () => {
    const inner = path.join(home, 'org');
    mkdirSync(inner);
    writeFileSync(path.join(inner, 'm.gguf'), '');
    symlinkSync(path.join(inner, 'm.gguf'), path.join(home, 'link.gguf'));
    expect(await checkModels({ named: [home, inner], optional: [] })).toMatchObject([
      { message: `1 model file below ${home}, ${inner}` },
    ]);
  });

  it.each([
    ['missing', 'does not exist'],
    ['file', 'is not a folder'],
    ['loop', 'cannot be read: too many symbolic links encountered'],
  ])('are a warning if one of models.dirs is wrong (%s), also beside others with models', async (name, reason) => {
    writeFileSync(path.join(home, 'file'), '');
    writeFileSync(path.join(home, 'm.gguf'), '');
    symlinkSync('loop', path.join(home, 'loop'));
    const wrong = path.join(home, name);
    expect(await checkModels({ named: [home, wrong], optional: ['/own'] })).toMatchObject([
      { level: 'warning', message: `models.dirs: ${wrong} ${reason}` },
      { level: 'ok' },
    ]);
  });

  it('are a warning without models', async () => {
    const optional = ['/nowhere', '/own'];
    expect(await checkModels({ named: [home], optional })).toMatchObject([
      { level: 'warning', message: `no .gguf below ${home}` },
    ]);
    expect(await checkModels({ named: ['/nowhere'], optional })).toMatchObject([
      { level: 'warning', message: 'no such folder: /nowhere' },
    ]);
  });
});
