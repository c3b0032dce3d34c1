import type { Role } from '@llamactl/client';

/** Sentences of the components. */
export const en = {
  cancel: 'Cancel',
  close: 'Close',
  copied: 'Copied',
  copy: 'Copy',
  copyRequestId: 'Copy the request id',
  failed: 'That did not work',
  forbidden: 'You may not see this',
  needsRole: (role: Role) => `It needs the role ${role}.`,
  noConnection: 'No answer from llamactl',
  notFound: 'Nothing is here',
  toInstances: 'To the instances',
  tryAgain: 'Try again',
  youAre: (username: string | null, role: Role) =>
    username === null ? `Your role is ${role}.` : `You are ${username}, with the role ${role}.`,
  statuses: {
    stopped: 'stopped',
    starting: 'starting',
    running: 'running',
    stopping: 'stopping',
    restarting: 'restarting',
    failed: 'failed',
  },
  /** Keyboard keys as a keyboard shows them. */
  keys: { control: 'Ctrl', command: '⌘' },
};
