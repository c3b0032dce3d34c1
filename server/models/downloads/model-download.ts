import { stat } from 'node:fs/promises';
import type { DownloadError } from '@llamactl/contract/download';
import { errorWords, hasCode } from '@llamactl/contract/reason';
import { StoreFull } from '../../instances/ports/instance-store.ts';
import { pause, type Clock } from '../../instances/ports/time.ts';
import type { Turns } from './turns.ts';
import { announcedHash } from './announced-hash.ts';
import { RESERVED_BYTES, type TransferOutcome, type TransferProgress } from './blob-transfer.ts';
import type { DownloadRecord, DownloadStore } from './download-store.ts';
import { isLocked } from './foreign-lock.ts';
import { CacheRefusal, HubCache, isThere } from './hub-cache.ts';
import type { ModelSource, RemoteFile } from './model-source.ts';
import { isPublished, removePartial } from './partial-file.ts';
import type { Transfers } from './transfer-thread.ts';

/** How the download of a model ended. */
export type DownloadOutcome =
  | { kind: 'done' }
  | { kind: 'stopped' }
  | { kind: 'disk_full'; lacking: number }
  | { kind: 'failed'; error: DownloadError };

export interface ModelDownloadParts {
  clock: Clock;
  source: Pick<ModelSource, 'headersFor'>;
  transfers: Transfers;
  /** Shared by all downloads. */
  turns: Turns;
  /** Inodes of files that a transfer made and that are not stored yet, by path. Shared by all downloads. */
  unsaved: Map<string, bigint>;
  /** Status of files of other programs whose bytes are right, by path. Shared by all downloads. */
  checked: Map<string, string>;
  store: Pick<DownloadStore, 'fileAt' | 'saveFile'>;
  /** The data directory. */
  owner: string;
}

/** Takes part in the download of a model. */
export interface ModelDownloadListener {
  /** Progress of one file. @param index Of the file in the model. */
  onFile(index: number, progress: TransferProgress): void;
  /** Another program has put this file into the cache, and its source gives no hash. @param path Within the repo */
  onUnchecked(path: string): void;
  /** It waits until another download has fetched a file that both need. */
  onWait(): void;
  /** Whether it may go on after that. */
  mayGoOn(): boolean;
}

/** Stands for the bytes of a file. */
export function contentOf({ sha256, blob }: Pick<RemoteFile, 'sha256' | 'blob'>): string {
  return sha256 ?? blob;
}

/** Rest before it is looked again whether another program has finished a blob. */
const OTHERS_MS = 2_000;
/** Codes of the system: the disk or its quota is full. */
const NO_ROOM = ['ENOSPC', 'EDQUOT'];
/** How often a file is fetched that turns out wrong. */
const MOST_WRONG = 2;

/** Fetches the files of a model one after the other, and shows them in the cache. Never rejects. */
export async function downloadModel(
  { model, root, createdAt }: Pick<DownloadRecord, 'model' | 'root' | 'createdAt'>,
  parts: ModelDownloadParts,
  signal: AbortSignal,
  listener: ModelDownloadListener,
): Promise<DownloadOutcome> {
  const cache = new HubCache(root);
  try {
    const home = await cache.home(model);
    for (const [index, file] of model.files.entries()) {
      const target = await cache.blob(model, file);
      const fetching = new FileFetch({ file, target, lock: cache.lock(model, file), source: model.source, parts });
      const isWaiting = parts.turns.isTaken(target);
      if (isWaiting) listener.onWait();
      const outcome = await parts.turns.take(target, signal, async () => {
        if (isWaiting && !listener.mayGoOn()) return { kind: 'stopped' as const };
        const onProgress = (progress: TransferProgress): void => listener.onFile(index, progress);
        return fetching.run(signal, onProgress, () => listener.onUnchecked(file.path));
      });
      if (outcome !== null) return outcome;
      listener.onFile(index, { done: file.size, phase: 'fetching' });
      await parts.turns.take(home, signal, () => cache.link(model, file));
    }
    await parts.turns.take(home, signal, async () => {
      await cache.note(model, Date.parse(createdAt));
      await cache.noteReference(model);
    });
    return { kind: 'done' };
  } catch (error) {
    if (signal.aborted) return { kind: 'stopped' };
    if (hasCode(error, NO_ROOM) || error instanceof StoreFull) return { kind: 'disk_full', lacking: RESERVED_BYTES };
    const message =
      error instanceof CacheRefusal ? error.message : `The cache cannot be written: ${errorWords(error)}.`;
    return { kind: 'failed', error: { code: 'INTERNAL_ERROR', message } };
  }
}

/** Gets one file into the cache, or waits until another program has done so. */
class FileFetch {
  readonly #file: RemoteFile;
  readonly #target: string;
  readonly #lock: string;
  readonly #isOfGit: boolean;
  readonly #parts: ModelDownloadParts;

  constructor(options: { file: RemoteFile; target: string; lock: string; source: string; parts: ModelDownloadParts }) {
    this.#file = options.file;
    this.#target = options.target;
    this.#lock = options.lock;
    this.#isOfGit = options.source === 'hub' && options.file.sha256 === null;
    this.#parts = options.parts;
  }

  /** @returns `null`: the file is there */
  async run(
    signal: AbortSignal,
    onProgress: (progress: TransferProgress) => void,
    onUnchecked: () => void,
  ): Promise<DownloadOutcome | null> {
    let done = 0;
    let wrong = 0;
    for (;;) {
      if (signal.aborted) return { kind: 'stopped' };
      if (await isThere(this.#target, this.#file.size)) {
        const fault = await this.#faultOfOther(signal, onProgress, onUnchecked);
        if (fault === null) await this.#finish();
        return fault;
      }
      if (await isLocked(this.#lock)) {
        await pause(this.#parts.clock, OTHERS_MS, signal);
        continue;
      }
      const before = done;
      const outcome = await this.#transfer(signal, (progress) => {
        done = progress.done;
        onProgress(progress);
      });
      if (outcome.kind === 'foreign') await pause(this.#parts.clock, OTHERS_MS, signal);
      if (outcome.kind === 'damaged') wrong += 1;
      // A token of a registry lasts some minutes: bytes came with the one before.
      const isAgain = outcome.kind === 'foreign' || (outcome.kind === 'denied' && done > before);
      if (isAgain || (outcome.kind === 'damaged' && wrong < MOST_WRONG)) continue;
      return this.#ended(outcome);
    }
  }

  /** Checks a file that no download of ours made: it has the right size, but its bytes may be others. `null`: they are right. */
  async #faultOfOther(
    signal: AbortSignal,
    onProgress: (progress: TransferProgress) => void,
    onUnchecked: () => void,
  ): Promise<DownloadOutcome | null> {
    const { transfers, checked } = this.#parts;
    const { ino, mtimeNs } = await stat(this.#target, { bigint: true });
    const status = `${ino} ${mtimeNs}`;
    if (checked.get(this.#target) === status || (await this.#isOurs(ino))) return null;
    const { size, sha256, path: name } = this.#file;
    const announced = announcedHash({ sha256, gitObject: this.#gitObject });
    if (announced === null) {
      onUnchecked();
      return null;
    }
    const outcome = await transfers.check({ file: this.#target, size, announced }, signal, onProgress);
    switch (outcome.kind) {
      case 'good':
        checked.set(this.#target, status);
        return null;
      case 'stopped':
        return { kind: 'stopped' };
      case 'wrong': {
        const message = `${name}: ${this.#target}, which another program made, has the ${announced.kind} ${outcome.found}, but ${announced.hex} was announced. Delete that file, then resume the download.`;
        return { kind: 'failed', error: { code: 'INTERNAL_ERROR', message } };
      }
      case 'fault': {
        const message = `${name}: ${this.#target}, which another program made, cannot be read: ${outcome.why}.`;
        return { kind: 'failed', error: { code: 'INTERNAL_ERROR', message } };
      }
    }
  }

  /** Whether a transfer of ours made the file, which checked it before it got its name. */
  async #isOurs(inode: bigint): Promise<boolean> {
    const { store, unsaved, owner } = this.#parts;
    if (unsaved.get(this.#target) === inode) return true;
    if ((await store.fileAt(this.#target))?.inode === inode) return true;
    return isPublished({ target: this.#target, owner });
  }

  get #gitObject(): string | null {
    const { blob } = this.#file;
    return this.#isOfGit && /^[0-9a-f]{40}$/.test(blob) ? blob : null;
  }

  #transfer(signal: AbortSignal, onProgress: (progress: TransferProgress) => void): Promise<TransferOutcome> {
    const { url, size, sha256 } = this.#file;
    const { source, transfers, owner } = this.#parts;
    const gitObject = this.#gitObject;
    const content = contentOf(this.#file);
    const task = {
      url,
      headers: source.headersFor(url),
      size,
      sha256,
      gitObject,
      content,
      target: this.#target,
      owner,
    };
    return transfers.run(task, signal, onProgress);
  }

  /** Does what a crash or a full disk prevented after the transfer of a file that is there. */
  async #finish(): Promise<void> {
    const inode = await this.#inode();
    const isPartialLeft = await isPublished({ target: this.#target, owner: this.#parts.owner });
    if (isPartialLeft || this.#parts.unsaved.get(this.#target) === inode) await this.#save(inode);
    // Only now: until the file is stored, the partial file shows that it is ours.
    if (isPartialLeft) await removePartial(this.#target);
  }

  async #inode(): Promise<bigint> {
    const { ino } = await stat(this.#target, { bigint: true });
    return ino;
  }

  async #save(inode: bigint): Promise<void> {
    const { unsaved, store } = this.#parts;
    const { size, sha256 } = this.#file;
    unsaved.set(this.#target, inode);
    await store.saveFile({ path: this.#target, inode, size, sha256 });
    unsaved.delete(this.#target);
  }

  async #ended(outcome: TransferOutcome): Promise<DownloadOutcome | null> {
    switch (outcome.kind) {
      case 'stored': {
        await this.#save(await this.#inode());
        return null;
      }
      case 'stopped':
      case 'foreign':
        return { kind: 'stopped' };
      case 'disk_full':
        return outcome;
      case 'fault':
        return { kind: 'failed', error: { code: 'INTERNAL_ERROR', message: outcome.why } };
      case 'damaged':
      case 'denied':
      case 'failed':
        return { kind: 'failed', error: { code: 'HUB_ERROR', message: `${this.#file.path}: ${outcome.why}` } };
    }
  }
}
