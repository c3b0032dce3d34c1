import { stat } from 'node:fs/promises';
import type { DownloadError } from '@llamactl/contract/download';
import { errorWords } from '@llamactl/contract/reason';
import { pause, type Clock } from '../../instances/ports/time.ts';
import type { Turns } from './turns.ts';
import type { TransferOutcome, TransferProgress } from './blob-transfer.ts';
import type { DownloadRecord, DownloadStore } from './download-store.ts';
import { isLocked } from './foreign-lock.ts';
import { CacheRefusal, HubCache, isThere } from './hub-cache.ts';
import type { ModelSource, RemoteFile } from './model-source.ts';
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
  store: Pick<DownloadStore, 'saveFile'>;
  /** The data directory. */
  owner: string;
}

/** Progress of one file. @param index Of the file in the model. */
export type OnFile = (index: number, progress: TransferProgress) => void;

/** Stands for the bytes of a file. */
export function contentOf({ sha256, blob }: Pick<RemoteFile, 'sha256' | 'blob'>): string {
  return sha256 ?? blob;
}

/** Rest before it is looked again whether another program has finished a blob. */
const OTHERS_MS = 2_000;
/** How often a file is fetched that turns out wrong. */
const MOST_WRONG = 2;

/** Fetches the files of a model one after the other, and shows them in the cache. Never rejects. */
export async function downloadModel(
  { model, root }: Pick<DownloadRecord, 'model' | 'root'>,
  parts: ModelDownloadParts,
  signal: AbortSignal,
  onFile: OnFile,
): Promise<DownloadOutcome> {
  const cache = new HubCache(root);
  const home = `${root} ${model.repo}`;
  try {
    for (const [index, file] of model.files.entries()) {
      const target = await cache.blob(model, file);
      const fetching = new FileFetch({ file, target, lock: cache.lock(model, file), source: model.source, parts });
      const outcome = await parts.turns.take(target, () => fetching.run(signal, (progress) => onFile(index, progress)));
      if (outcome !== null) return outcome;
      onFile(index, { done: file.size, phase: 'fetching' });
      await parts.turns.take(home, () => cache.link(model, file));
    }
    await parts.turns.take(home, () => cache.note(model));
    return { kind: 'done' };
  } catch (error) {
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
  async run(signal: AbortSignal, onProgress: (progress: TransferProgress) => void): Promise<DownloadOutcome | null> {
    let done = 0;
    let wrong = 0;
    for (;;) {
      if (signal.aborted) return { kind: 'stopped' };
      if (await isThere(this.#target, this.#file.size)) return null;
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

  #transfer(signal: AbortSignal, onProgress: (progress: TransferProgress) => void): Promise<TransferOutcome> {
    const { url, size, sha256, blob } = this.#file;
    const { source, transfers, owner } = this.#parts;
    const gitObject = this.#isOfGit && /^[0-9a-f]{40}$/.test(blob) ? blob : null;
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

  async #ended(outcome: TransferOutcome): Promise<DownloadOutcome | null> {
    switch (outcome.kind) {
      case 'stored': {
        const { ino: inode } = await stat(this.#target, { bigint: true });
        await this.#parts.store.saveFile({
          path: this.#target,
          inode,
          size: this.#file.size,
          sha256: this.#file.sha256,
        });
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
