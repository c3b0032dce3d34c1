import { number } from '../../lib/figures.ts';
import type { accessWords } from '../../words/access.ts';
import type { LimitNumbers } from './limits.ts';

/** The limits of an account or a key in one line; `null`: it has none. */
export function limitsText(limits: Readonly<LimitNumbers>, { limitText }: (typeof accessWords)['en']): string | null {
  const parts = [
    limits.max_in_flight > 0 ? limitText.inFlight(number(limits.max_in_flight)) : null,
    limits.requests_per_minute > 0 ? limitText.requests(number(limits.requests_per_minute)) : null,
    limits.tokens_per_minute > 0 ? limitText.tokens(number(limits.tokens_per_minute)) : null,
  ].filter((part) => part !== null);
  return parts.length === 0 ? null : parts.join(' · ');
}
