import type { DownloadState } from '@llamactl/client';

/** Sentences of the bar of downloads, which every page has. */
export const en = {
  bar: 'Downloads',
  states: {
    queued: 'waits',
    running: 'downloading',
    verifying: 'is checked',
    paused: 'paused',
    done: 'done',
    failed: 'failed',
    cancelled: 'cancelled',
  } satisfies Record<DownloadState, string>,
  progress: (done: string, total: string) => `${done} of ${total}`,
  speed: (bytes: string) => `${bytes}/s`,
  left: (time: string) => `${time} left`,
  stalled: 'no bytes come',
  pause: 'Pause',
  resume: 'Go on',
  cancel: 'Cancel',
  dismiss: 'Hide',
  createAndChat: 'Create and chat',
  others: (count: number) => `${count} more`,
};
