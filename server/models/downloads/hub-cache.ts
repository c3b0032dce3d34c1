import { constants } from 'node:fs';
import { lstat, mkdir, open, readlink, realpath, rename, rm, stat, symlink, utimes } from 'node:fs/promises';
import path from 'node:path';
import { codeOf, hasCode } from '@llamactl/contract/reason';
import type { RemoteFile, RemoteModel } from './model-source.ts';

/** A name or a folder that the cache does not accept. */
export class CacheRefusal extends Error {
  override readonly name = 'CacheRefusal';
}

/** Longest name of a file or folder, in bytes. */
const LONGEST_PART = 255;
const MOST_PARTS = 32;
/** Codes of the system: a disk such as exFAT has no symbolic links. */
const NO_LINKS = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'];
/** In the folder of a repository: the reference by which an address was downloaded, because the folder's name does not say it. */
export const REFERENCE_FILE = 'reference';

type Place = Pick<RemoteModel, 'repo' | 'commit' | 'revision'>;

/**
 * A cache in the layout of Hugging Face's programs, so that these see its files:
 * `models--ORG--REPO/{blobs/NAME, snapshots/COMMIT/PATH, refs/REVISION}`. A snapshot has links to blobs. Nothing is written
 * through a link to a folder: that could lead anywhere. Only the root itself may be one, as people move caches to other disks.
 * Changes of one repository must not overlap within this process.
 */
export class HubCache {
  readonly #root: string;
  readonly #makeLink: typeof symlink;

  /**
   * @param root Absolute; created when it is needed.
   * @param makeLink Default: the system's symbolic links, which some disks do not have.
   */
  constructor(root: string, makeLink: typeof symlink = symlink) {
    this.#root = root;
    this.#makeLink = makeLink;
  }

  /** Returns the path of a blob, and makes its folder. @throws {CacheRefusal} */
  async blob(model: Place, { blob }: Pick<RemoteFile, 'blob'>): Promise<string> {
    return path.join(await this.#folder([repoFolder(model), 'blobs']), partOf(blob));
  }

  /** Returns the path of a blob, and makes no folder. `null`: its folder does not exist, or is refused. */
  async find(model: Place, { blob }: Pick<RemoteFile, 'blob'>): Promise<string | null> {
    try {
      const folder = await this.#walk([repoFolder(model), 'blobs'], async () => undefined);
      return path.join(folder, partOf(blob));
    } catch (error) {
      if (error instanceof CacheRefusal || hasCode(error, ['ENOENT', 'ENOTDIR'])) return null;
      throw error;
    }
  }

  /**
   * Returns the folder of a repository, without links in its path, and makes it. Refuses a disk without symbolic links: a copy in
   * place of a link would take the space twice, and other programs would fetch the file again.
   *
   * @throws {CacheRefusal}
   */
  async home(model: Pick<Place, 'repo'>): Promise<string> {
    const home = await this.#folder([repoFolder(model)]);
    const probe = path.join(home, `.${process.pid}.probe.llamactl`);
    try {
      await this.#makeLink('blobs', probe);
    } catch (error) {
      if (hasCode(error, NO_LINKS)) {
        const remedy = 'Set models.cache_dir to a folder on another disk.';
        throw new CacheRefusal(`The disk of ${home} has no symbolic links, which this cache needs. ${remedy}`);
      }
      // Another download in this repository does the same, or a killed server left it.
      if (codeOf(error) !== 'EEXIST') throw error;
    }
    await rm(probe, { force: true });
    return home;
  }

  /** The file that Hugging Face's programs lock while they download a blob. */
  lock(model: Place, { blob }: Pick<RemoteFile, 'blob'>): string {
    return path.join(this.#root, '.locks', repoFolder(model), `${partOf(blob)}.lock`);
  }

  /** Shows a blob under its path in the snapshot. @throws {CacheRefusal} */
  async link(model: Place, file: Pick<RemoteFile, 'blob' | 'path'>): Promise<void> {
    const parts = partsOf(file.path);
    const name = parts.pop() ?? '';
    const folder = await this.#folder([repoFolder(model), 'snapshots', partOf(model.commit), ...parts]);
    const shown = path.join(folder, name);
    const target = path.relative(folder, await this.blob(model, file));
    if ((await linkAt(shown)) === target) return;
    // A file in its place is that of a program on a disk without links.
    if ((await lstatOf(shown))?.isFile() === true) return;
    const draft = draftOf(shown);
    await rm(draft, { force: true });
    await this.#makeLink(target, draft);
    await rename(draft, shown);
  }

  /**
   * Notes which commit a branch or tag is, unless a later answer of the source has been noted: a download may be days old.
   *
   * @param resolvedAt When the source gave the commit; milliseconds since the epoch.
   * @throws {CacheRefusal}
   */
  async note({ repo, commit, revision }: Place, resolvedAt: number): Promise<void> {
    if (revision === commit) return;
    const parts = partsOf(revision);
    const name = parts.pop() ?? '';
    const file = path.join(await this.#folder([repoFolder({ repo }), 'refs', ...parts]), name);
    // Our files have the time of the answer, those of other programs the time at which they were written.
    const noted = await lstatOf(file);
    if (noted !== null && noted.mtimeMs > resolvedAt) return;
    await writeWhole(file, partOf(commit));
    await utimes(file, resolvedAt / 1_000, resolvedAt / 1_000);
  }

  /** Notes the reference of an address. Other sources have theirs in the names of folders and files. @throws {CacheRefusal} */
  async noteReference({ repo, source, reference }: Pick<RemoteModel, 'repo' | 'source' | 'reference'>): Promise<void> {
    if (source !== 'url') return;
    await writeWhole(path.join(await this.#folder([repoFolder({ repo })]), REFERENCE_FILE), reference);
  }

  /** Makes folders in the root, one by one, and refuses those that are links. */
  async #folder(parts: readonly string[]): Promise<string> {
    await mkdir(this.#root, { recursive: true });
    return this.#walk(parts, makeFolder);
  }

  async #walk(parts: readonly string[], make: (folder: string) => Promise<void>): Promise<string> {
    let folder = await realpath(this.#root);
    for (const part of parts) {
      folder = path.join(folder, part);
      await make(folder);
      if (!(await lstat(folder)).isDirectory())
        throw new CacheRefusal(`${folder} is no folder of its own, so no download goes there.`);
    }
    return folder;
  }
}

/** Replaces a small file, so that a reader sees the old or the new text. */
async function writeWhole(file: string, text: string): Promise<void> {
  const draft = draftOf(file);
  const { O_WRONLY, O_CREAT, O_TRUNC, O_NOFOLLOW } = constants;
  const handle = await open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0o644);
  try {
    await handle.writeFile(text);
  } finally {
    await handle.close();
  }
  await rename(draft, file);
}

async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  }
}

/**
 * The path of a model in its snapshot: that of its first file, or the folder of one in safetensors. No files need be there.
 *
 * @param root Of the cache.
 */
export function snapshotPath(
  root: string,
  { repo, commit, files }: Pick<RemoteModel, 'repo' | 'commit' | 'files'>,
): string {
  const first = files[0]?.path ?? '';
  const shown = /\.gguf$/i.test(first) ? first : path.dirname(first);
  return path.join(root, ['models', ...repo.split('/')].join('--'), 'snapshots', commit, shown);
}

/** Whether a finished file of this size is there. */
export async function isThere(file: string, size: number): Promise<boolean> {
  try {
    const found = await stat(file);
    return found.isFile() && found.size === size;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    throw error;
  }
}

/** Another server may make the same file at the same time. The name of the file itself may have the greatest length. */
function draftOf(file: string): string {
  return path.join(path.dirname(file), `.${process.pid}.llamactl`);
}

function repoFolder({ repo }: Pick<Place, 'repo'>): string {
  const parts = partsOf(repo);
  if (parts.length !== 2 || parts.some((part) => part.includes('--')))
    throw new CacheRefusal(`${JSON.stringify(repo)} is not the name of a repository.`);
  return partOf(['models', ...parts].join('--'));
}

function partsOf(text: string): string[] {
  const parts = text.split('/').map(partOf);
  if (parts.length > MOST_PARTS) throw new CacheRefusal(`${JSON.stringify(text)} has too many parts.`);
  return parts;
}

/** A name that is one file or folder, on every system. @throws {CacheRefusal} */
function partOf(text: string): string {
  const isPlain = text !== '' && text !== '.' && text !== '..' && !/[\\/\p{Cc}]/u.test(text);
  if (!isPlain || Buffer.byteLength(text) > LONGEST_PART)
    throw new CacheRefusal(`${JSON.stringify(text.slice(0, LONGEST_PART))} is not a name for a file.`);
  return text;
}

async function linkAt(file: string): Promise<string | null> {
  try {
    return await readlink(file);
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'EINVAL') return null;
    throw error;
  }
}

async function lstatOf(file: string): Promise<Awaited<ReturnType<typeof lstat>> | null> {
  try {
    return await lstat(file);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
}
