import type { Client, Download } from '@llamactl/client';
import { isPassing, pauseFor } from '../instances/settling.ts';
import type { Progress } from './download-bar.ts';

export interface FollowOptions {
  signal: AbortSignal;
  onProgress: (progress: Progress) => void;
  /** Called when the server stops answering, and when it answers again. */
  onPresence: (isThere: boolean) => void;
  /** Waits between two polls. Default: real time. */
  pause?: (seconds: number, signal: AbortSignal) => Promise<void>;
}

/** Seconds between two polls. They back up the events, which may fail, and say that no bytes come. */
const PAUSES = [0.2, 0.5, 1, 2];
const LONGEST_PAUSE = 3;
/** While the server does not answer. */
const AWAY_PAUSE = 1;

/**
 * Follows a download until it is done, failed, paused or cancelled, also across a restart of the server.
 *
 * @throws the signal's reason, and refusals of the server, such as that of a download that was removed
 */
export async function followedDownload(
  client: Pick<Client, 'events' | 'getDownload'>,
  id: string,
  options: FollowOptions,
): Promise<Download> {
  const { signal, onProgress, onPresence, pause = pauseFor } = options;
  const over = new AbortController();
  const end = new Wake();
  // Polling covers a failed event stream, and reports the error.
  const hearing = hear(client, id, AbortSignal.any([signal, over.signal]), (progress) => {
    onProgress(progress);
    if (!isUnderWay(progress)) end.ring();
  }).catch(() => undefined);
  let isAway = false;
  try {
    for (let round = 0; ; round += 1) {
      try {
        const download = await client.getDownload(id, { signal });
        if (isAway) onPresence(true);
        isAway = false;
        onProgress(download);
        if (!isUnderWay(download)) return download;
      } catch (error) {
        if (!(await isPassing(error))) throw error;
        if (!isAway) onPresence(false);
        isAway = true;
      }
      await end.within((either) => pause(isAway ? AWAY_PAUSE : (PAUSES[round] ?? LONGEST_PAUSE), either), signal);
    }
  } finally {
    over.abort();
    await hearing;
  }
}

/** Whether a download goes on by itself. */
export function isUnderWay({ state }: Pick<Progress, 'state'>): boolean {
  return state === 'queued' || state === 'running' || state === 'verifying';
}

/** A pause that an event ends. */
class Wake {
  #ring = new AbortController();

  ring(): void {
    this.#ring.abort();
  }

  /** Waits until the pause is over or the bell rings. @throws the signal's reason */
  async within(pause: (signal: AbortSignal) => Promise<void>, signal: AbortSignal): Promise<void> {
    try {
      await pause(AbortSignal.any([signal, this.#ring.signal]));
    } catch (error) {
      signal.throwIfAborted();
      if (!this.#ring.signal.aborted) throw error;
    }
    this.#ring = new AbortController();
  }
}

async function hear(
  client: Pick<Client, 'events'>,
  id: string,
  signal: AbortSignal,
  act: (progress: Progress) => void,
): Promise<void> {
  for await (const { type, data } of client.events({ types: ['download_progress'], signal })) {
    if (type === 'download_progress' && data.id === id) act(data);
  }
}
