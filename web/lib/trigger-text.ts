import type { Frame } from '@llamactl/client';
import type { instanceWords } from '../words/instance.ts';
import { callerText } from './caller-text.ts';

/** The trigger of a change of status. */
export type Trigger = NonNullable<Extract<Frame, { type: 'instance_status_changed' }>['data']['trigger']>;
type Words = (typeof instanceWords)['en']['events']['trigger'];

/** Who made a change; `null`: unknown, or anonymous as each caller is without accounts, which says nothing to a reader. */
export function authorText(caller: string | undefined): string | null {
  return caller === undefined || caller === 'anonymous' ? null : callerText(caller);
}

/** Who or what made an instance change; `null`: its reason says all of it. */
export function triggerText({ kind, caller, needed_by: other }: Trigger, words: Words): string | null {
  const by = authorText(caller);
  switch (kind) {
    case 'command':
    case 'update':
    case 'demand':
      return words[kind](by);
    case 'eviction':
      return other === undefined ? null : words.needed(other);
    case 'idle':
      return null;
    case 'restart_policy':
    case 'server_start':
      return words[kind];
  }
}
