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

/** The reason why a file was not written; checks that it is unchanged. */
async function reason(changes: Partial<Replacement> = {}, replaceFile = replace): Promise<string> {
  const files = readdirSync(folder);
  const error: unknown = await replaceFile(replacement(changes)).catch((thrown: unknown) => thrown);
  expect(readdirSync(folder)).toEqual(files);
  if (error instanceof UnwritableFile) return error.message;
  throw error;
}

describe('replacing a file', () => {
  it('keeps its mode, and leaves no other file', async () => {
    for (const mode of [0o640, 0o600, 0o664, 0o200]) {
      chmodSync(path, mode);
      // Only root may read a file that its owner may not.
      if (uid !== 0 && mode === 0o200) continue;
      expect(await replace(replacement())).toBe(true);
      expect([readFileSync(path, 'utf8'), statSync(path).mode & 0o7777]).toEqual(['after', mode]);
      writeFileSync(path, 'before');
    }
    expect(readdirSync(folder)).toEqual(['config.yaml']);
  });

  it('creates a new file, so that readers of the old one can finish', async () => {
    const { ino } = statSync(path);
    await replace(replacement());
    expect(statSync(path).ino).not.toBe(ino);
  });

  it.skipIf(uid !== 0)('keeps its owner when we are root', async () => {
    chownSync(path, 1234, 2345);
    await replace(replacement());
    expect(statSync(path)).toMatchObject({ uid: 1234, gid: 2345 });
  });

  it('replaces the target of a link, and keeps the link', async () => {
    mkdirSync(join(folder, 'real'));
    const real = join(folder, 'real', 'x.yaml');
    writeFileSync(real, 'before');
    rmSync(path);
    symlinkSync('real/x.yaml', path);
    expect(await replace(replacement())).toBe(true);
    expect([readFileSync(real, 'utf8'), readlinkSync(path)]).toEqual(['after', 'real/x.yaml']);
    expect(readdirSync(join(folder, 'real'))).toEqual(['x.yaml']);
  });

  it('returns false when the file was changed, removed or created', async () => {
    expect(await replace(replacement({ before: 'other' }))).toBe(false);
    expect(await replace(replacement({ before: null }))).toBe(false);
    expect(await replace(replacement({ path: join(folder, 'none') }))).toBe(false);
    expect([readFileSync(path, 'utf8'), readdirSync(folder)]).toEqual(['before', ['config.yaml']]);
  });

  it('returns false when the file changes during the write', async () => {
    const slow = fileReplacer(async (file, text) => {
      await file.writeFile(text);
      writeFileSync(path, 'by hand');
    });
    expect(await slow(replacement())).toBe(false);
    expect([readFileSync(path, 'utf8'), readdirSync(folder)]).toEqual(['by hand', ['config.yaml']]);
  });

  it('works after a crash left a temporary file', async () => {
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

describe('creating a file', () => {
  it('makes it private, and so the folders that it needs', async () => {
    const made = join(folder, 'a', 'b', 'config.yaml');
    expect(await replace(replacement({ path: made, before: null, makesFolder: true }))).toBe(true);
    const modes = [made, join(folder, 'a', 'b'), join(folder, 'a')].map((each) => statSync(each).mode & 0o777);
    expect([readFileSync(made, 'utf8'), ...modes]).toEqual(['after', 0o600, 0o700, 0o700]);
  });

  it('fails in a missing folder unless it may create the folder', async () => {
    expect(await reason({ path: join(folder, 'a', 'x'), before: null })).toBe('its folder does not exist (ENOENT)');
  });
});

describe('a file stays unchanged when', () => {
  it('it or its folder is read-only, also for root', async () => {
    chmodSync(path, 0o444);
    expect(await reason()).toBe('it is read-only');
    chmodSync(path, 0o644);
    chmodSync(folder, 0o555);
    expect(await reason()).toBe('its folder is read-only');
    chmodSync(folder, 0o755);
    expect(readFileSync(path, 'utf8')).toBe('before');
  });

  it('another user owns it', async () => {
    // From the view of another user than its owner.
    expect(await reason({ uid: uid + 4321 })).toBe(`it belongs to another user (uid ${uid})`);
  });

  it('it is not a regular file, or is a link to nothing', async () => {
    rmSync(path);
    mkdirSync(path);
    expect(await reason()).toBe('it is not a regular file');
    rmSync(path, { recursive: true });
    symlinkSync('nowhere', path);
    expect(await reason({ before: null })).toBe('it is a link to a file that does not exist');
    expect(lstatSync(path).isSymbolicLink()).toBe(true);
  });

  it('it is not UTF-8, which a rewrite would damage', async () => {
    const bytes = Buffer.from([0x23, 0xe4, 0x0a]);
    writeFileSync(path, bytes);
    expect(await reason({ before: bytes.toString() })).toBe('it is not UTF-8 text');
    expect(readFileSync(path)).toEqual(bytes);
  });

  it.each([
    ['ENOSPC', 'no space is left on its disk (ENOSPC)'],
    ['EDQUOT', 'the disk quota is used up (EDQUOT)'],
    ['EROFS', 'its file system is read-only (EROFS)'],
  ])('the disk reports %s', async (code, expected) => {
    const full = fileReplacer(async (file, text) => {
      await file.writeFile(text.slice(0, 2));
      throw Object.assign(new Error(code), { code });
    });
    expect(await reason({}, full)).toBe(expected);
    expect(readFileSync(path, 'utf8')).toBe('before');
  });
});
