import { codeOf, reasonOf } from '@llamactl/contract/reason';

export interface HubTimeouts {
  /** Longest wait for the hub's first answer: short, because behind a firewall none comes. */
  probeMs?: number;
  /** Longest time without a new byte. */
  quietMs?: number;
  /** Longest pause between two tries. */
  longestPauseMs?: number;
}

export interface HubDownload {
  /** URL of the file on a Hugging Face hub: `<endpoint>/<repository>/resolve/<revision>/<file>`. */
  url: string;
  /** Target path, absolute; an incomplete download is kept beside it. */
  file: string;
  size: number;
  sha256: string;
  /** Variables with proxies and authorities. */
  environment: NodeJS.ProcessEnv;
  /** Reports the bytes received so far, including those of an earlier attempt. */
  onBytes: (bytes: number) => void;
  signal?: AbortSignal | undefined;
  timeouts?: HubTimeouts;
}

/**
 * Downloads a file from a hub with the server's own code. Probes first, so that a network without the hub costs seconds.
 *
 * @throws {Error} with the hub's answer, or the failure of the connection
 */
export async function downloadFromHub(download: HubDownload): Promise<void> {
  const { url, file, size, sha256, environment, timeouts = {} } = download;
  await probe(download);
  const { fetchFile } = await import('@llamactl/server/main');
  const quiet = new QuietWatch(timeouts.quietMs ?? 20_000);
  const { longestPauseMs = 2_000 } = timeouts;
  const signal = AbortSignal.any([quiet.signal, ...(download.signal ? [download.signal] : [])]);
  const onBytes = (bytes: number): void => {
    quiet.note(bytes);
    download.onBytes(bytes);
  };
  const timing = { firstPauseMs: Math.min(200, longestPauseMs), longestPauseMs, patienceMs: 2 * longestPauseMs };
  try {
    await fetchFile({ url, file, size, sha256, environment, onBytes, signal, timing });
  } finally {
    quiet.end();
  }
}

/** Aborts its signal when no new bytes come for a time. */
class QuietWatch {
  readonly #over = new AbortController();
  readonly #timer: NodeJS.Timeout;
  #bytes = -1;

  constructor(milliseconds: number) {
    this.#timer = setTimeout(() => this.#over.abort(new Error(`no data for ${milliseconds} ms`)), milliseconds);
  }

  get signal(): AbortSignal {
    return this.#over.signal;
  }

  note(bytes: number): void {
    if (bytes > this.#bytes) this.#timer.refresh();
    this.#bytes = Math.max(this.#bytes, bytes);
  }

  end(): void {
    clearTimeout(this.#timer);
  }
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
