import { clockTime } from '../../format/clock-time.ts';
import { since } from '../lib/figures.ts';
import { useNow } from '../lib/now.ts';

/** The time since a moment: `3d 4h`. Its title is the exact time in UTC. @param of RFC 3339; `null`: nothing to show. */
export function Age({ of }: { of: string | null }) {
  const now = useNow(1);
  if (of === null) return '-';
  return (
    <time dateTime={of} title={of}>
      {since(of, now)}
    </time>
  );
}

/** A moment in the reader's time zone: `14:03:12` today. Its title is the exact time in UTC. */
export function Moment({ at }: { at: string }) {
  const now = useNow(60);
  return (
    <time dateTime={at} title={at}>
      {clockTime(at, now)}
    </time>
  );
}
