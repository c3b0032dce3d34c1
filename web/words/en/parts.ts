import type { Role } from '@llamactl/client';

/** Sentences of the components. */
export const en = {
  answerLacks: (field: string) => `The engine answered without \`${field}\`.`,
  cancel: 'Cancel',
  close: 'Close',
  copied: 'Copied',
  copy: 'Copy',
  request: 'Request',
  copyRequestId: 'Copy the request id',
  failed: 'That did not work',
  forbidden: 'You may not see this',
  needsRole: (role: Role) => `It needs the role ${role}.`,
  noConnection: 'No answer from llamactl',
  whenBack: 'The page goes on as soon as llamactl answers again.',
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
  ago: (time: string) => `${time} ago`,
  memory: {
    perDevice: (device: string, need: string, free: string) => `${device}: needs ${need}, ${free} free`,
    perDeviceBeyond: (device: string, need: string, free: string, total: string) =>
      `${device}: needs ${need}; memory.overcommit allows ${free} of ${total}`,
    weights: (size: string) => `weights ${size}`,
    cache: (size: string) => `cache ${size}`,
    compute: (size: string) => `buffers ${size}`,
    reserve: (size: string) => `program and reserve ${size}`,
  },
  editor: {
    tab: 'Tab indents; Escape, then Tab, leaves the field.',
    keys: 'F8 goes to the next mistake.',
    offers: 'Ctrl+Space offers keys.',
    atLine: (line: number, message: string) => `Line ${line}: ${message}`,
    more: (count: number) => (count === 1 ? 'One more mistake' : `${count} more mistakes`),
    phrases: {
      Completions: 'Keys',
      Diagnostics: 'Mistakes',
      'Control character': 'Control character',
      'Selection deleted': 'Selection deleted',
    },
  },
  /** Keyboard keys as a keyboard shows them. */
  keys: { control: 'Ctrl', command: '⌘' },
};
