import type { Key, UpdateKey } from '@llamactl/client';
import { ENDS } from './purposes.ts';

/** Another end of a key: none, in some days, never, or on a day. */
export const NEW_ENDS = ['keep', ...ENDS, 'day'] as const;

/** The form of an existing key. */
export interface KeyEdit {
  name: string;
  end: (typeof NEW_ENDS)[number];
  /** `2027-01-31`, in the time zone of the browser; only for the end `day`. */
  day: string;
}

const DAY_MS = 86_400_000;

/** The first thing that is wrong; `null`: nothing. @param now Milliseconds since the epoch. */
export function editFlaw({ name, end, day }: KeyEdit, now: number): 'name' | 'day' | null {
  if (name.trim() === '') return 'name';
  if (end !== 'day') return null;
  const at = beginOf(day);
  return at === null || at <= now ? 'day' : null;
}

/** The changes of the edit; `null`: none. @param now Milliseconds since the epoch. */
export function keyChange({ name: text, end, day }: KeyEdit, key: Key, now: number): UpdateKey | null {
  const name = text.trim();
  const expires = end === 'keep' ? undefined : endIn(end, day, now);
  const change = {
    ...(name === key.name ? {} : { name }),
    ...(expires === undefined || expires === key.expires_at ? {} : { expires_at: expires }),
  };
  return Object.keys(change).length === 0 ? null : change;
}

function endIn(end: Exclude<KeyEdit['end'], 'keep'>, day: string, now: number): string | null {
  if (end === 'never') return null;
  const at = end === 'day' ? (beginOf(day) ?? now) : now + Number(end) * DAY_MS;
  return new Date(at).toISOString();
}

/** The first moment of a day; `null`: it is none. */
function beginOf(day: string): number | null {
  const at = Date.parse(`${day}T00:00`);
  return Number.isNaN(at) ? null : at;
}
