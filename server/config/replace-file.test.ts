import {
  chmodSync,
  chownSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { mkdirSync, lstatSync, readlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { UnwritableFile, fileReplacer } from './replace-file.ts';
import type { Replacement } from './replace-file.ts';

const uid = process.getuid?.() ?? 0;
let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'llamactl-replace-'));
  path = join(folder, 'config.yaml');
  writeFileSync(path, 'before', { mode: 0o640 });
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const replacement = (changes: Partial<Replacement> = {}): Replacement => ({
  path,
  before: 'before',
  after: 'after',
  uid,
  makesFolder: false,
  ...changes,
});
const replace = fileReplacer();

/** Why nothing was written; and nothing was. */
async function reason(changes: Partial<Replacement> = {}, replaceFile = replace): Promise<string> {
  const files = readdirSync(folder);
  const error: unknown = await replaceFile(replacement(changes)).catch((thrown: unknown) => thrown);
  expect(readdirSync(folder)).toEqual(files);
  if (error instanceof UnwritableFile) return error.message;
  throw error;
}

describe('a file that is replaced', () => {
  it('keeps its mode, and nothing is left beside it', async () => {
    for (const mode of [0o640, 0o600, 0o664, 0o200]) {
      chmodSync(path, mode);
      // Only root may read what its owner may not.
      if (uid !== 0 && mode === 0o200) continue;
      expect(await replace(replacement())).toBe(true);
      expect([readFileSync(path, 'utf8'), statSync(path).mode & 0o7777]).toEqual(['after', mode]);
      writeFileSync(path, 'before');
    }
    expect(readdirSync(folder)).toEqual(['config.yaml']);
  });

  it('is a new one: who reads the old one reads it to its end', async () => {
    const { ino } = statSync(path);
    await replace(replacement());
    expect(statSync(path).ino).not.toBe(ino);
  });

  it.skipIf(uid !== 0)('keeps its owner when we are root', async () => {
    chownSync(path, 1234, 2345);
    await replace(replacement());
    expect(statSync(path)).toMatchObject({ uid: 1234, gid: 2345 });
  });

  it('is the one that a link leads to; the link stays', async () => {
    mkdirSync(join(folder, 'real'));
    const real = join(folder, 'real', 'x.yaml');
    writeFileSync(real, 'before');
    rmSync(path);
    symlinkSync('real/x.yaml', path);
    expect(await replace(replacement())).toBe(true);
    expect([readFileSync(real, 'utf8'), readlinkSync(path)]).toEqual(['after', 'real/x.yaml']);
    expect(readdirSync(join(folder, 'real'))).toEqual(['x.yaml']);
  });

  it('is not one that has changed, or went, or came', async () => {
    expect(await replace(replacement({ before: 'other' }))).toBe(false);
    expect(await replace(replacement({ before: null }))).toBe(false);
    expect(await replace(replacement({ path: join(folder, 'none') }))).toBe(false);
    expect([readFileSync(path, 'utf8'), readdirSync(folder)]).toEqual(['before', ['config.yaml']]);
  });

  it('is not one that changes while the new one is written', async () => {
    const slow = fileReplacer(async (file, text) => {
      await file.writeFile(text);
      writeFileSync(path, 'by hand');
    });
    expect(await slow(replacement())).toBe(false);
    expect([readFileSync(path, 'utf8'), readdirSync(folder)]).toEqual(['by hand', ['config.yaml']]);
  });

  it('takes no harm from what a crash has left', async () => {
    let left = '';
    const crashed = fileReplacer(async () => {
      left = readdirSync(folder).find((name) => name !== 'config.yaml') ?? '';
      throw new Error('crash');
    });
    await expect(crashed(replacement())).rejects.toThrow('crash');
    expect(readdirSync(folder)).toEqual(['config.yaml']);
    writeFileSync(join(folder, left), 'half');
    expect(await replace(replacement())).toBe(true);
    expect([left, readdirSync(folder)]).toEqual([expect.stringMatching(/^\.config\.yaml\./), ['config.yaml']]);
  });
});

describe('a file that is made', () => {
  it('is private, and so are the folders that it needs', async () => {
    const made = join(folder, 'a', 'b', 'config.yaml');
    expect(await replace(replacement({ path: made, before: null, makesFolder: true }))).toBe(true);
    const modes = [made, join(folder, 'a', 'b'), join(folder, 'a')].map((each) => statSync(each).mode & 0o777);
    expect([readFileSync(made, 'utf8'), ...modes]).toEqual(['after', 0o600, 0o700, 0o700]);
  });

  it('is not made in a folder that is not there, unless asked to', async () => {
    expect(await reason({ path: join(folder, 'a', 'x'), before: null })).toBe('its folder does not exist (ENOENT)');
  });
});

describe('a file is left alone when', () => {
  it('nobody may write it, or its folder, root included', async () => {
    chmodSync(path, 0o444);
    expect(await reason()).toBe('it is read-only');
    chmodSync(path, 0o644);
    chmodSync(folder, 0o555);
    expect(await reason()).toBe('its folder is read-only');
    chmodSync(folder, 0o755);
    expect(readFileSync(path, 'utf8')).toBe('before');
  });

  it('it belongs to somebody else', async () => {
    // As seen by another user than the one who made it.
    expect(await reason({ uid: uid + 4321 })).toBe(`it belongs to another user (uid ${uid})`);
  });

  it('it is no regular file, or a link to nothing', async () => {
    rmSync(path);
    mkdirSync(path);
    expect(await reason()).toBe('it is no regular file');
    rmSync(path, { recursive: true });
    symlinkSync('nowhere', path);
    expect(await reason({ before: null })).toBe('it is a link to a file that does not exist');
    expect(lstatSync(path).isSymbolicLink()).toBe(true);
  });

  it('it is not UTF-8: rewriting it would damage what cannot be read', async () => {
    const bytes = Buffer.from([0x23, 0xe4, 0x0a]);
    writeFileSync(path, bytes);
    expect(await reason({ before: bytes.toString() })).toBe('it is not UTF-8 text');
    expect(readFileSync(path)).toEqual(bytes);
  });

  it.each([
    ['ENOSPC', 'no space is left on its disk (ENOSPC)'],
    ['EDQUOT', 'the disk quota is used up (EDQUOT)'],
    ['EROFS', 'its file system is read-only (EROFS)'],
  ])('the disk refuses with %s', async (code, expected) => {
    const full = fileReplacer(async (file, text) => {
      await file.writeFile(text.slice(0, 2));
      throw Object.assign(new Error(code), { code });
    });
    expect(await reason({}, full)).toBe(expected);
    expect(readFileSync(path, 'utf8')).toBe('before');
  });
});
