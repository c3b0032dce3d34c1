import { useQuery } from '@tanstack/react-query';
import type { UsageGroup, UsageRow } from '@llamactl/client';
import { number, tokenCount } from '../../lib/figures.ts';
import { useApp } from '../../lib/app.ts';
import { useWords } from '../../lib/language.ts';
import { usageQuery } from '../../lib/queries.ts';
import { accessWords } from '../../words/access.ts';

/** Milliseconds between two looks at the uses of keys and accounts, which no frame announces. */
export const USES_MS = 30_000;

/** The requests and tokens of one row in two lines; `undefined`: it had no request. */
export function UsageFigures({ row }: { row: UsageRow | undefined }) {
  const words = useWords(accessWords);
  if (row === undefined) return <span className="text-mute">{words.unused}</span>;
  return (
    <>
      <span className="block">{words.usageRequests(row.requests, number(row.requests))}</span>
      <span className="block text-mute">
        {words.usageTokens(tokenCount(row.tokens_in), tokenCount(row.tokens_out))}
      </span>
    </>
  );
}

/** The requests of one row in one line, for a narrow screen. */
export function UsageLine({ row }: { row: UsageRow | undefined }) {
  const words = useWords(accessWords);
  if (row === undefined) return null;
  return <span className="figures block text-mute">{words.usageRequests(row.requests, number(row.requests))}</span>;
}

/** Requests that were refused or failed; empty: none were. */
export function UsageProblems({ row: { refused, failed } }: { row: UsageRow }) {
  const words = useWords(accessWords);
  const parts = [
    refused > 0 ? words.refused(number(refused)) : null,
    failed > 0 ? words.failed(number(failed)) : null,
  ].filter((part) => part !== null);
  if (parts.length === 0) return null;
  return (
    <span className="flex flex-col items-end text-warn wide:flex-row wide:justify-end wide:gap-x-2">
      {parts.map((part) => (
        <span key={part}>{part}</span>
      ))}
    </span>
  );
}

/**
 * The usage of the last 30 days, found by the id of a key or the name of an account. `null`: not known (yet).
 */
export function useMonth(by: Exclude<UsageGroup, 'instance'>): ReadonlyMap<string, UsageRow> | null {
  const { client } = useApp();
  const { data } = useQuery({ ...usageQuery(client, by, '30d'), refetchInterval: USES_MS });
  if (data === undefined) return null;
  // Another account may have had the same name; it is deleted.
  return new Map(data.usage.filter(({ deleted }) => !deleted).map((row) => [row.id ?? row.name ?? '', row]));
}
