import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { outgoingVariables } from '../hub/outgoing-agents.ts';
import { Bandwidth } from './bandwidth.ts';
import { BlobTransfer, type TransferDependencies, type TransferOutcome } from './blob-transfer.ts';
import { removePartial } from './partial-file.ts';
import { transferParts } from './transfer-parts.ts';

/** A file that a program without a server fetches. */
export interface FileFetch {
  url: string;
  /** Absolute path. Its folder is created. An incomplete file is beside it. */
  file: string;
  /** Bytes. */
  size: number;
  /** Lower-case hex. */
  sha256: string;
  /** Variables with proxies and authorities. */
  environment: Readonly<Record<string, string | undefined>>;
  /** Bytes that are there, those of an earlier attempt included. */
  onBytes: (bytes: number) => void;
  signal: AbortSignal;
  timing?: TransferDependencies['timing'];
}

/** Owner of the incomplete files of such programs. One after the other continues them. */
const OWNER = 'without a server';

/**
 * Fetches a file with the code of downloads: it resumes an earlier attempt, retries, and gives the file its name only when size
 * and sha256 are right. Runs in the thread of the caller.
 *
 * @throws {Error} why it is not there; the reason of the signal
 */
export async function fetchFile({ url, file, size, sha256, signal, onBytes, ...rest }: FileFetch): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  const task = { url, headers: {}, size, sha256, gitObject: null, content: sha256, target: file, owner: OWNER };
  const parts = transferParts();
  const transfer = new BlobTransfer(task, {
    ...parts,
    bandwidth: new Bandwidth(parts.clock, 0),
    environment: outgoingVariables(rest.environment),
    // The caller has chosen the address.
    endpoints: [new URL(url).origin],
    onProgress: ({ done }) => onBytes(done),
    ...(rest.timing === undefined ? {} : { timing: rest.timing }),
  });
  const outcome = await transfer.run(signal);
  if (outcome.kind === 'stored') return onBytes(size);
  signal.throwIfAborted();
  throw new Error(faultText(outcome, file));
}

/** Removes what an incomplete fetch has left beside a file. */
export async function forgetFetch(file: string): Promise<void> {
  await removePartial(file);
}

function faultText(outcome: Exclude<TransferOutcome, { kind: 'stored' }>, file: string): string {
  switch (outcome.kind) {
    case 'disk_full':
      return `the disk of ${path.dirname(file)} lacks ${outcome.lacking} bytes`;
    case 'foreign':
      return `another program has made ${file}, or is fetching it`;
    case 'stopped':
      return 'it was stopped';
    case 'damaged':
    case 'denied':
    case 'failed':
    case 'fault':
      return outcome.why;
  }
}
