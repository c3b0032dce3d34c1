import { codeOf, reasonOf } from '@llamactl/contract/reason';
import { open, rm } from 'node:fs/promises';
import { checkFile, fileSize } from './file-check.ts';
import { publishFile } from './publish-file.ts';

export interface HubTimeouts {
  /** Longest wait for the hub's first answer: short, because behind a firewall none comes. */
  probeMs?: number;
  /** Longest time without a received byte. */
  stallMs?: number;
}

export interface HubDownload {
  /** URL of the file on a Hugging Face hub: `<endpoint>/<repository>/resolve/<revision>/<file>`. */
  url: string;
  /** Target path; a partial download is kept in `<file>.partial`. */
  file: string;
  size: number;
  sha256: string;
  /** Reports the bytes received so far, including those of an earlier attempt. */
  onBytes: (bytes: number) => void;
  signal?: AbortSignal | undefined;
  timeouts?: HubTimeouts;
}

/** The connection ended early; a further attempt can resume. */
class Interrupted extends Error {
  override name = 'Interrupted';
}

/** Limit of attempts; each must have received bytes. */
const ATTEMPTS = 10;

/**
 * Downloads a file from a hub. Probes first, resumes an earlier attempt, and gives the file its name only after its
 * size and sha256 have been verified.
 *
 * @throws {Error} with the hub's answer, or the failure of the connection
 */
export async function downloadFromHub(download: HubDownload): Promise<void> {
  const { file, signal } = download;
  await probe(download);
  const partial = `${file}.partial`;
  for (let attempt = 1; ; attempt += 1) {
    const before = (await fileSize(partial)) ?? 0;
    try {
      await transfer(download, partial, before);
      break;
    } catch (error) {
      signal?.throwIfAborted();
      const gained = ((await fileSize(partial)) ?? 0) - before;
      if (!(error instanceof Interrupted) || gained <= 0 || attempt === ATTEMPTS) throw error;
    }
  }
  try {
    await checkFile(partial, download);
  } catch (error) {
    // resuming a wrong file would give a wrong file again
    await rm(partial, { force: true });
    throw error;
  }
  await publishFile(partial, file);
}

/**
 * Sends a HEAD request. A hub redirects to its storage, and its headers have the size and sha256 of the file. So a
 * different file is detected before the download. Mirrors may omit these headers; then only the downloaded file can be
 * verified.
 */
async function probe({ url, size, sha256, signal, timeouts }: HubDownload): Promise<void> {
  const probeMs = timeouts?.probeMs ?? 5000;
  const timeout = AbortSignal.timeout(probeMs);
  const request = fetch(url, {
    method: 'HEAD',
    redirect: 'manual',
    signal: AbortSignal.any([timeout, ...(signal ? [signal] : [])]),
  });
  const response = await request.catch((error: unknown) => {
    signal?.throwIfAborted();
    throw new Error(timeout.aborted ? `no answer from ${hostOf(url)} within ${probeMs} ms` : failure(url, error), {
      cause: error,
    });
  });
  // 405, 501: a plain file server without HEAD
  if (response.status >= 400 && response.status !== 405 && response.status !== 501)
    throw new Error(refusal(url, response));
  const linkedSize = response.headers.get('x-linked-size');
  const linkedHash = response.headers.get('x-linked-etag')?.replaceAll('"', '');
  if (
    (linkedSize !== null && Number(linkedSize) !== size) ||
    (/^[0-9a-f]{64}$/.test(linkedHash ?? '') && linkedHash !== sha256)
  ) {
    throw new Error(`${hostOf(url)} has a different file under this name`);
  }
}

/** Appends the missing bytes, or starts again if the hub does not resume at our offset. */
async function transfer(download: HubDownload, partial: string, have: number): Promise<void> {
  if (have === download.size) return;
  const stall = new AbortController();
  const stallMs = download.timeouts?.stallMs ?? 20_000;
  const timer = setTimeout(() => stall.abort(), stallMs);
  const signal = AbortSignal.any([stall.signal, ...(download.signal ? [download.signal] : [])]);
  try {
    const wanted = have < download.size ? have : 0;
    const { response, offset } = await request(download, wanted, signal);
    await using handle = await open(partial, offset > 0 ? 'a' : 'w');
    let arrived = offset;
    download.onBytes(arrived);
    const body: AsyncIterable<Uint8Array> | null = response.body;
    for await (const chunk of body ?? []) {
      timer.refresh();
      arrived += chunk.byteLength;
      if (arrived > download.size) throw new Error(`${hostOf(download.url)} sends more than ${download.size} bytes`);
      await handle.writeFile(chunk);
      download.onBytes(arrived);
    }
    if (arrived < download.size)
      throw new Interrupted(`the connection closed after ${arrived} of ${download.size} bytes`);
  } catch (error) {
    if (stall.signal.aborted) throw new Interrupted(`no data for ${stallMs} ms`, { cause: error });
    if (error instanceof TypeError) throw new Interrupted(failure(download.url, error), { cause: error });
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** Requests the bytes from `have` on. `offset` is where the response begins: 0 if the hub does not resume. */
async function request(
  { url, size }: HubDownload,
  have: number,
  signal: AbortSignal,
): Promise<{ response: Response; offset: number }> {
  for (const offset of have > 0 ? [have, 0] : [0]) {
    const range = offset > 0 ? { range: `bytes=${offset}-` } : undefined;
    const response = await fetch(url, { headers: { 'accept-encoding': 'identity', ...range }, signal });
    if (response.status === 200) return { response, offset: 0 };
    const continues = response.headers.get('content-range') === `bytes ${offset}-${size - 1}/${size}`;
    if (response.status === 206 && continues) return { response, offset };
    await response.body?.cancel();
    const isAboutTheRange = response.status === 206 || response.status === 416;
    if (!isAboutTheRange || offset === 0) throw new Error(refusal(url, response));
  }
  throw new Error(`${hostOf(url)} sends no part of ${new URL(url).pathname}`);
}

function refusal(url: string, response: Response): string {
  return `${hostOf(url)} answered ${response.status} ${response.statusText} for ${new URL(url).pathname}`;
}

/** Explains fetch's "fetch failed" by its cause. */
function failure(url: string, error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code = codeOf(cause) ?? reasonOf(cause);
  return `the connection to ${hostOf(url)} failed (${code})`;
}

function hostOf(url: string): string {
  return new URL(url).host;
}
