import type { Key, UsageRow } from '@llamactl/client';
import type { ReactNode } from 'react';
import { MinuteAge } from '../../components/age.tsx';
import { Td, Tr } from '../../components/table.tsx';
import { useMay } from '../../lib/app.ts';
import { day } from '../../lib/figures.ts';
import { useWords } from '../../lib/language.ts';
import { useNow } from '../../lib/now.ts';
import { accessWords } from '../../words/access.ts';
import { limitsText } from './limits-text.ts';
import { NarrowCell } from './narrow-cell.tsx';
import { UsageFigures, UsageLine } from './usage-figures.tsx';

interface KeyRowProps {
  of: Key;
  /** Usage by the ids of keys; `null`: not known (yet). */
  month: ReadonlyMap<string, UsageRow> | null;
  /** The buttons of the row. */
  actions: ReactNode;
}

/** A key in columns. */
export function WideKey({ of: key, month, actions }: KeyRowProps) {
  const words = useWords(accessWords);
  const isAdmin = useMay('admin');
  return (
    <Tr>
      <Td className="py-1.5">
        <span className="block max-w-64 truncate font-strong" title={key.name}>
          {key.name}
        </span>
        <code className="text-mute">{key.prefix}…</code>
      </Td>
      {isAdmin && <Td>{key.owner}</Td>}
      <Td>
        {key.scopes.map((scope) => words.scopes[scope]).join(', ')}
        <span className="block text-mute">{limitsText(key, words)}</span>
      </Td>
      <Td>
        <span className="block max-w-64 truncate" title={key.instances?.join(', ')}>
          {key.instances?.join(', ') ?? words.allInstances}
        </span>
        {hasNoStart(key) && <span className="block text-mute">{words.noStart}</span>}
      </Td>
      <Td isNumber>{month !== null && <UsageFigures row={month.get(key.id)} />}</Td>
      <Td isNumber>{key.last_used_at === null ? words.never : <MinuteAge of={key.last_used_at} />}</Td>
      <Td isNumber>
        <EndOf at={key.expires_at} />
      </Td>
      <Td isNumber>{actions}</Td>
    </Tr>
  );
}

/** A key in some lines, for a narrow screen. */
export function NarrowKey({ of: key, month, actions }: KeyRowProps) {
  const words = useWords(accessWords);
  const isAdmin = useMay('admin');
  const { keyColumns: columns } = words;
  const limits = limitsText(key, words);
  return (
    <Tr>
      <NarrowCell>
        <span className="flex min-w-0 items-baseline gap-2">
          <span className="min-w-0 truncate font-strong" title={key.name}>
            {key.name}
          </span>
          <code className="shrink-0 text-mute">{key.prefix}…</code>
        </span>
        <span className="block">
          {isAdmin && `${key.owner}: `}
          {key.scopes.map((scope) => words.scopes[scope]).join(', ')}
        </span>
        {limits !== null && <span className="block text-mute">{limits}</span>}
        <span className="block truncate text-mute">
          {key.instances?.join(', ') ?? words.everyInstance}
          {hasNoStart(key) && `, ${words.noStart}`}
        </span>
        <span className="figures flex flex-wrap gap-x-3 text-mute">
          <span className="whitespace-nowrap">
            {columns.used}: {key.last_used_at === null ? words.never : <MinuteAge of={key.last_used_at} />}
          </span>
          <span className="whitespace-nowrap">
            {columns.ends}: <EndOf at={key.expires_at} />
          </span>
        </span>
        <UsageLine row={month?.get(key.id)} />
      </NarrowCell>
      <Td isNumber className="align-top">
        {actions}
      </Td>
    </Tr>
  );
}

function hasNoStart({ may_start: mayStart, scopes }: Key): boolean {
  return !mayStart && scopes.includes('inference');
}

/** The day on which a key ends. */
function EndOf({ at }: { at: string | null }) {
  const words = useWords(accessWords);
  const now = useNow(60);
  if (at === null) return words.never;
  if (Date.parse(at) < now) return <span className="text-bad">{words.ended}</span>;
  return (
    <time dateTime={at} title={at}>
      {day(at)}
    </time>
  );
}
