import { lstat, readdir, readFile, realpath, rm, rmdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { ApiError } from '@llamactl/contract/errors';
import type { ModelSource } from '@llamactl/contract/model';
import { hasCode } from '@llamactl/contract/reason';
import type { DownloadStore, MadeFile } from './download-store.ts';

/** A model that is to be deleted, as the library has it. */
export interface UnwantedModel {
  source: ModelSource;
  /** Its parts, or its folder. All of them must be ours. */
  paths: readonly string[];
  /** Files beside them that no other model needs. Those of other programs stay. */
  companions: readonly string[];
}

/** A file of a snapshot that a download made: a link, and the blob that it leads to. */
export interface OwnFile {
  link: string;
  blob: MadeFile;
  /** The folder of the repository, without links in its path. */
  home: string;
}

export interface RemovedFiles {
  /** Bytes of the blobs that were removed. */
  freed: number;
  /** Blobs that stay, because another snapshot or name leads to them. */
  kept: number;
}

/** The programs that own the files of a place, and their way to delete a model. */
const OWNERS: Readonly<Record<ModelSource, string>> = {
  folder: 'is a file that no download made; delete the file itself',
  hugging_face: "belongs to Hugging Face's programs, or was changed; delete it with `hf cache`",
  llama_cpp: 'belongs to llama.cpp; delete the file itself',
  ollama: 'belongs to Ollama; delete it with `ollama rm`',
  lm_studio: 'belongs to LM Studio; delete it there',
};

/**
 * The files of a model, if downloads made all of them: by path, inode and size of their blobs.
 *
 * @throws {ApiError} `FORBIDDEN` with the first file that another program owns
 */
export async function ownFiles(
  { source, paths, companions }: UnwantedModel,
  store: Pick<DownloadStore, 'fileAt'>,
): Promise<OwnFile[]> {
  const links = (await Promise.all(paths.map(filesBelow))).flat();
  const files = await Promise.all(
    links.map(async (link) => {
      const own = await ownFile(link, store);
      if (own !== null) return own;
      throw new ApiError('FORBIDDEN', `llamactl deletes only files that it downloaded. ${link} ${OWNERS[source]}.`);
    }),
  );
  const beside = await Promise.all(companions.map((link) => ownFile(link, store)));
  return [...files, ...beside.filter((file) => file !== null)];
}

/**
 * Removes links, then the blobs to which no other link of any snapshot leads, and folders that are empty then. No other
 * change of the repository may run meanwhile.
 */
export async function removeFiles(
  files: readonly OwnFile[],
  store: Pick<DownloadStore, 'removeFile'>,
): Promise<RemovedFiles> {
  for (const { link } of files) await rm(link, { force: true });
  const homes = new Set(files.map(({ home }) => home));
  const linked = new Set<string>();
  for (const home of homes) for (const blob of await linkedBlobs(home)) linked.add(blob);
  const blobs = [...new Map(files.map(({ blob }) => [blob.path, blob])).values()];
  const unlinked = blobs.filter((blob) => !linked.has(blob.path));
  for (const blob of unlinked) {
    await rm(blob.path, { force: true });
    await store.removeFile(blob.path);
  }
  for (const { link, home } of files) await removeEmpty(path.dirname(link), path.join(home, 'snapshots'));
  for (const home of homes) await tidy(home);
  return { freed: unlinked.reduce((sum, { size }) => sum + size, 0), kept: blobs.length - unlinked.length };
}

/** `null`: it is no link of a snapshot to a blob that a download made, or the blob was replaced. */
async function ownFile(link: string, store: Pick<DownloadStore, 'fileAt'>): Promise<OwnFile | null> {
  const status = await ifThere(lstat(link));
  const target = status?.isSymbolicLink() === true ? await ifThere(realpath(link)) : null;
  if (target === null) return null;
  const blob = await store.fileAt(target);
  if (blob === null) return null;
  const found = await ifThere(stat(target, { bigint: true }));
  const isSame = found?.ino === blob.inode && found.size === BigInt(blob.size);
  const home = path.dirname(path.dirname(target));
  const folder = await realpath(path.dirname(link));
  const isInSnapshot = folder.startsWith(`${path.join(home, 'snapshots')}${path.sep}`);
  return isSame && isInSnapshot ? { link: path.join(folder, path.basename(link)), blob, home } : null;
}

/** All files in a folder at any depth; the path itself if it is a file, or not there. */
/** The files of a folder at any depth; a file stands for itself. */
export async function filesBelow(file: string): Promise<string[]> {
  if ((await ifThere(lstat(file)))?.isDirectory() !== true) return [file];
  const entries = await readdir(file, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => !entry.isDirectory()).map(({ parentPath, name }) => path.join(parentPath, name));
}

/** The blobs to which the links of all snapshots lead. */
async function linkedBlobs(home: string): Promise<string[]> {
  const snapshots = path.join(home, 'snapshots');
  const links = (await ifThere(lstat(snapshots))) === null ? [] : await filesBelow(snapshots);
  const targets = await Promise.all(links.map((link) => ifThere(realpath(link))));
  return targets.filter((target) => target !== null);
}

/** Removes references to commits without a snapshot, which Hugging Face's programs call damage, and empty folders. */
async function tidy(home: string): Promise<void> {
  const refs = path.join(home, 'refs');
  const files = (await ifThere(lstat(refs))) === null ? [] : await filesBelow(refs);
  for (const file of files) {
    const commit = (await readFile(file, 'utf8')).trim();
    if ((await ifThere(lstat(path.join(home, 'snapshots', commit)))) !== null) continue;
    await rm(file, { force: true });
    await removeEmpty(path.dirname(file), refs);
  }
  for (const folder of ['blobs', 'snapshots', 'refs']) await removeEmpty(path.join(home, folder), home);
  await removeEmpty(home, path.dirname(home));
}

/** Removes a folder, and its parents up to another, as far as they are empty. @param end Stays. */
async function removeEmpty(folder: string, end: string): Promise<void> {
  for (let next = folder; next !== end && next.startsWith(end); next = path.dirname(next)) {
    try {
      await rmdir(next);
    } catch (error) {
      if (hasCode(error, ['ENOENT'])) continue;
      if (hasCode(error, ['ENOTEMPTY', 'EEXIST'])) return;
      throw error;
    }
  }
}

/** `null`: the file is not there. */
async function ifThere<Result>(looking: Promise<Result>): Promise<Result | null> {
  try {
    return await looking;
  } catch (error) {
    if (hasCode(error, ['ENOENT'])) return null;
    throw error;
  }
}
