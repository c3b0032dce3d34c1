import { useMutation, useQuery } from '@tanstack/react-query';
import { day } from '../../lib/figures.ts';
import { useNavigate, useSearch } from '@tanstack/react-router';
import type { Key } from '@llamactl/client';
import { useRef, useState } from 'react';
import { Age } from '../../components/age.tsx';
import { Button } from '../../components/button.tsx';
import { ConfirmDialog } from '../../components/confirm-dialog.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { MenuButton } from '../../components/menu.tsx';
import { PageBody } from '../../components/page-header.tsx';
import { QueryPart } from '../../components/query-part.tsx';
import { Table, Td, Th, Tr } from '../../components/table.tsx';
import { useApp, useMay } from '../../lib/app.ts';
import { useWords } from '../../lib/language.ts';
import { useNow } from '../../lib/now.ts';
import { keysQuery } from '../../lib/queries.ts';
import { useShortcuts } from '../../lib/shortcuts.ts';
import { accessWords } from '../../words/access.ts';
import { useSettled } from './access-command.ts';
import { EditButton } from './edit-button.tsx';
import { EditKey } from './edit-key.tsx';
import { limitsText } from './limits-text.ts';
import { NewKey } from './new-key.tsx';
import { UsageFigures, UsageLine, useMonth } from './usage-figures.tsx';

/** Columns that a narrow screen has no room for. */
const FOR_WIDE = 'hidden wide:table-cell';

/** Milliseconds after which "last used" is asked for again while the tab is open. The server knows it to the minute. */
const USES_MS = 30_000;

/** The keys of the user; for admins, all keys, or those of one account. */
export function KeysTab() {
  const words = useWords(accessWords);
  const { client } = useApp();
  const { owner } = useSearch({ from: '/access' });
  const query = useQuery({ ...keysQuery(client), refetchInterval: USES_MS });
  const [isNew, setNew] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const open = (): void => {
    // The focus returns here, also after the key.
    button.current?.focus();
    setNew(true);
  };
  const add = (
    <Button ref={button} kind="primary" icon="plus" keyHint="n" onClick={open}>
      {words.newKey}
    </Button>
  );
  useShortcuts(words.tabs.keys, [{ keys: 'n', label: words.newKey, run: open }]);
  return (
    <PageBody>
      <QueryPart query={query}>
        {(all) => {
          const keys = owner === undefined ? all : all.filter((key) => key.owner === owner);
          if (owner !== undefined) {
            return (
              <>
                <OwnerBar owner={owner} add={add} />
                {keys.length === 0 ? <EmptyState icon="access" title={words.noKeys} /> : <KeyTable keys={keys} />}
              </>
            );
          }
          return keys.length === 0 ? (
            <EmptyState icon="access" title={words.noKeys} action={add}>
              {words.noKeysHint}
            </EmptyState>
          ) : (
            <>
              <div className="flex justify-end py-3">{add}</div>
              <KeyTable keys={keys} />
            </>
          );
        }}
      </QueryPart>
      {isNew && <NewKey owner={owner ?? null} onClose={() => setNew(false)} />}
    </PageBody>
  );
}

/** Says whose keys are shown, and leads to all. */
function OwnerBar({ owner, add }: { owner: string; add: React.ReactNode }) {
  const words = useWords(accessWords);
  const navigate = useNavigate({ from: '/access' });
  return (
    <div className="flex flex-wrap items-center gap-3 py-3">
      <h2 className="min-w-0 truncate font-strong">{words.keysOf(owner)}</h2>
      <Button size="small" onClick={() => void navigate({ search: { tab: 'keys' } })}>
        {words.allKeys}
      </Button>
      <span className="ml-auto">{add}</span>
    </div>
  );
}

function KeyTable({ keys }: { keys: readonly Key[] }) {
  const words = useWords(accessWords);
  const isAdmin = useMay('admin');
  const columns = words.keyColumns;
  const month = useMonth('key');
  const navigate = useNavigate();
  const requestsOf = ({ id }: Key): void => void navigate({ to: '/requests', search: { caller: `key:${id}` } });
  const [edited, setEdited] = useState<Key | null>(null);
  const [revoked, setRevoked] = useState<Key | null>(null);
  return (
    <>
      <Table
        label={words.tabs.keys}
        head={
          <>
            <Th>{columns.name}</Th>
            {isAdmin && <Th className={FOR_WIDE}>{columns.owner}</Th>}
            <Th>{columns.may}</Th>
            <Th className={FOR_WIDE}>{columns.instances}</Th>
            <Th isNumber className={FOR_WIDE}>
              {columns.month}
            </Th>
            <Th isNumber className={FOR_WIDE}>
              {columns.used}
            </Th>
            <Th isNumber>{columns.ends}</Th>
            <Th isNumber>
              <span className="sr-only">{columns.actions}</span>
            </Th>
          </>
        }
      >
        {keys.map((key) => (
          <Tr key={key.id}>
            <Td className="py-1.5">
              <span className="block max-w-28 truncate font-strong wide:max-w-64" title={key.name}>
                {key.name}
              </span>
              <code className="text-mute">{key.prefix}…</code>
              <NarrowFacts of={key} isAdmin={isAdmin} />
              <UsageLine row={month?.get(key.id)} />
            </Td>
            {isAdmin && <Td className={FOR_WIDE}>{key.owner}</Td>}
            <Td>
              {key.scopes.map((scope) => words.scopes[scope]).join(', ')}
              <span className="block text-mute">{limitsText(key, words)}</span>
            </Td>
            <Td className={FOR_WIDE}>
              <span className="block max-w-64 truncate" title={key.instances?.join(', ')}>
                {key.instances?.join(', ') ?? words.allInstances}
              </span>
              {!key.may_start && key.scopes.includes('inference') && (
                <span className="block text-mute">{words.noStart}</span>
              )}
            </Td>
            <Td isNumber className={FOR_WIDE}>
              {month !== null && <UsageFigures row={month.get(key.id)} />}
            </Td>
            <Td isNumber className={FOR_WIDE}>
              {key.last_used_at === null ? words.never : <Age of={key.last_used_at} saysAgo />}
            </Td>
            <Td isNumber>
              <EndOf at={key.expires_at} />
            </Td>
            <Td isNumber>
              <span className="inline-flex items-center gap-1">
                <EditButton of={key.name} onClick={() => setEdited(key)} />
                <MenuButton
                  icon="more"
                  label={words.moreFor(key.name)}
                  items={() => [
                    { label: words.requestsOf, icon: 'requests', onSelect: () => requestsOf(key) },
                    { kind: 'line' },
                    { label: words.revoke, icon: 'trash', isDanger: true, onSelect: () => setRevoked(key) },
                  ]}
                />
              </span>
            </Td>
          </Tr>
        ))}
      </Table>
      {edited !== null && <EditKey of={edited} onClose={() => setEdited(null)} />}
      {revoked !== null && <Revoke of={revoked} onClose={() => setRevoked(null)} />}
    </>
  );
}

/** The owner, the instances and the last use of a key, for which a narrow screen has no columns. */
function NarrowFacts({ of: key, isAdmin }: { of: Key; isAdmin: boolean }) {
  const words = useWords(accessWords);
  return (
    <span className="block max-w-40 text-label text-mute wide:hidden">
      {isAdmin && <span className="block truncate">{key.owner}</span>}
      <span className="block truncate">{key.instances?.join(', ') ?? words.everyInstance}</span>
      <span className="block">
        {words.keyColumns.used}: {key.last_used_at === null ? words.never : <Age of={key.last_used_at} saysAgo />}
      </span>
    </span>
  );
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

function Revoke({ of: key, onClose }: { of: Key; onClose: () => void }) {
  const words = useWords(accessWords);
  const { client } = useApp();
  const settled = useSettled(['keys'], onClose);
  const revoke = useMutation({
    mutationFn: () => client.deleteKey(key.id),
    ...settled(words.revoked(key.name)),
  });
  return (
    <ConfirmDialog
      title={words.revokeTitle(key.name)}
      confirm={words.revoke}
      isDanger
      isPending={revoke.isPending}
      onConfirm={() => revoke.mutate()}
      onClose={onClose}
    >
      {words.revokeText}
    </ConfirmDialog>
  );
}
