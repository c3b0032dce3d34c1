import { clockTime } from '../../format/clock-time.ts';
import { minutesSince, since } from '../lib/figures.ts';
import { useWords } from '../lib/language.ts';
import { useNow } from '../lib/now.ts';
import { partsWords } from '../words/parts.ts';

/** The time since a moment: `3d 4h`, or `3d 4h ago`. Its title is the exact time in UTC. @param of RFC 3339; `null`: nothing to show. */
export function Age({ of, saysAgo = false }: { of: string | null; saysAgo?: boolean }) {
  const words = useWords(partsWords);
  const now = useNow(1);
  if (of === null) return '-';
  return (
    <time dateTime={of} title={of}>
      {saysAgo ? words.ago(since(of, now)) : since(of, now)}
    </time>
  );
}

/** The time since a moment that is accurate to one minute: `5m ago`. @param of RFC 3339 */
export function MinuteAge({ of }: { of: string }) {
  const words = useWords(partsWords);
  const now = useNow(1);
  return (
    <time dateTime={of} title={of}>
      {words.ago(minutesSince(of, now))}
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
