import { realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import type { CheckedFile } from '@llamactl/contract/model';
import { codeOf } from '@llamactl/contract/reason';
import { announcedHash, type AnnouncedHash } from './announced-hash.ts';
import type { DownloadStore } from './download-store.ts';
import type { Transfers } from './transfer-thread.ts';

interface ModelCheckParts {
  store: Pick<DownloadStore, 'fileAt'>;
  transfers: Pick<Transfers, 'check'>;
}

/**
 * Reads files of models, and compares each with the hash that its source announced: of our downloads as stored, in the caches of
 * other programs as in the name of the blob. One after the other: a disk reads one file fastest. Stops early when `signal` aborts.
 */
export async function checkFiles(
  files: readonly string[],
  { store, transfers }: ModelCheckParts,
  signal: AbortSignal,
): Promise<CheckedFile[]> {
  const checked: CheckedFile[] = [];
  for (const file of files) {
    if (signal.aborted) break;
    const target = await targetOf(file);
    const announced = target === null ? null : await announcedOf(target.path, store);
    if (target === null) checked.push({ path: file, result: 'unreadable', reason: 'it is not there' });
    else if (announced === null) checked.push({ path: file, result: 'unknown' });
    else {
      const task = { file: target.path, size: target.size, announced };
      const outcome = await transfers.check(task, signal, () => undefined);
      if (outcome.kind === 'good') checked.push({ path: file, result: 'right', hash: announced.hex });
      if (outcome.kind === 'wrong')
        checked.push({ path: file, result: 'wrong', hash: announced.hex, found: outcome.found });
      if (outcome.kind === 'fault') checked.push({ path: file, result: 'unreadable', reason: outcome.why });
    }
  }
  return checked;
}

async function announcedOf(target: string, store: ModelCheckParts['store']): Promise<AnnouncedHash | null> {
  const made = await store.fileAt(target);
  if (made !== null && made.sha256 !== null) return { kind: 'sha256', hex: made.sha256 };
  // `<sha256>` and `<git object id>` of Hugging Face's cache, `sha256-<hex>` of Ollama's.
  if (path.basename(path.dirname(target)) !== 'blobs') return null;
  const name = path.basename(target);
  const sha256 = /^(?:sha256-)?([0-9a-f]{64})$/.exec(name)?.[1] ?? null;
  return announcedHash({ sha256, gitObject: /^[0-9a-f]{40}$/.test(name) ? name : null });
}

/** The file to which a path leads; `null`: none. */
async function targetOf(file: string): Promise<{ path: string; size: number } | null> {
  try {
    const target = await realpath(file);
    return { path: target, size: (await stat(target)).size };
  } catch (error) {
    if (codeOf(error) === null) throw error;
    return null;
  }
}
