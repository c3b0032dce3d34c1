import type { Key, UpdateUser } from '@llamactl/client';
import type { Command } from 'commander';
import { wholeNumber } from '../instances/setting-flags.ts';

type Limits = Pick<Key, 'max_in_flight' | 'requests_per_minute' | 'tokens_per_minute'>;

/** Flags that set limits on `/v1`. */
export interface LimitFlags {
  maxInFlight?: number;
  requestsPerMinute?: number;
  tokensPerMinute?: number;
}

const limit = wholeNumber(0, 1_000_000_000_000);

/** Adds the limit flags to a command. */
export function withLimitFlags(command: Command): Command {
  return command
    .option('--max-in-flight <number>', 'Parallel requests to /v1 (0 = no limit)', limit)
    .option('--requests-per-minute <number>', 'Requests to /v1 in any 60 seconds (0 = no limit)', limit)
    .option('--tokens-per-minute <number>', 'Tokens of prompts and answers in any 60 seconds (0 = no limit)', limit);
}

/** The body fields of the given flags. */
export function limitsIn({
  maxInFlight,
  requestsPerMinute,
  tokensPerMinute,
}: LimitFlags): Pick<UpdateUser, keyof Limits> {
  return {
    ...(maxInFlight !== undefined && { max_in_flight: maxInFlight }),
    ...(requestsPerMinute !== undefined && { requests_per_minute: requestsPerMinute }),
    ...(tokensPerMinute !== undefined && { tokens_per_minute: tokensPerMinute }),
  };
}

/** The limits in words: `2 at once, 60 requests/min`; empty without a limit. */
export function limitWords(limits: Limits): string {
  const words: [number | undefined, string][] = [
    [limits.max_in_flight, 'at once'],
    [limits.requests_per_minute, 'requests/min'],
    [limits.tokens_per_minute, 'tokens/min'],
  ];
  // Older servers send none of these fields.
  return words.flatMap(([number, word]) => (number ? [`${number} ${word}`] : [])).join(', ');
}
