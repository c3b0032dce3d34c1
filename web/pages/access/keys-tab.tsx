import { useMutation, useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import type { Key } from '@llamactl/client';
import { useRef, useState } from 'react';
import { Button } from '../../components/button.tsx';
import { ConfirmDialog } from '../../components/confirm-dialog.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { MenuButton } from '../../components/menu.tsx';
import { PageBody } from '../../components/page-header.tsx';
import { QueryPart } from '../../components/query-part.tsx';
import { Table, Th } from '../../components/table.tsx';
import { useApp, useMay } from '../../lib/app.ts';
import { useWords } from '../../lib/language.ts';
import { useMedia, WIDE } from '../../lib/media.ts';
import { keysQuery } from '../../lib/queries.ts';
import { useShortcuts } from '../../lib/shortcuts.ts';
import { accessWords } from '../../words/access.ts';
import { shellWords } from '../../words/shell.ts';
import { useSettled } from './access-command.ts';
import { EditButton } from './edit-button.tsx';
import { EditKey } from './edit-key.tsx';
import { NarrowKey, WideKey } from './key-row.tsx';
import { NewKey } from './new-key.tsx';
import { USES_MS, useMonth } from './usage-figures.tsx';

/** The keys of the user; for admins, all keys, or those of one account. */
export function KeysTab() {
  const words = useWords(accessWords);
  // The palette names it so, and shows a label once.
  const { parts } = useWords(shellWords);
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
  useShortcuts(words.tabs.keys, [{ keys: 'n', label: parts.newKey, run: open }]);
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
  const isWide = useMedia(WIDE);
  const KeyRow = isWide ? WideKey : NarrowKey;
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
            {isWide && (
              <>
                {isAdmin && <Th>{columns.owner}</Th>}
                <Th>{columns.may}</Th>
                <Th>{columns.instances}</Th>
                <Th isNumber>{columns.month}</Th>
                <Th isNumber>{columns.used}</Th>
                <Th isNumber>{columns.ends}</Th>
              </>
            )}
            <Th isNumber>
              <span className="sr-only">{columns.actions}</span>
            </Th>
          </>
        }
      >
        {keys.map((key) => (
          <KeyRow
            key={key.id}
            of={key}
            month={month}
            actions={
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
            }
          />
        ))}
      </Table>
      {edited !== null && <EditKey of={edited} onClose={() => setEdited(null)} />}
      {revoked !== null && <Revoke of={revoked} onClose={() => setRevoked(null)} />}
    </>
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
