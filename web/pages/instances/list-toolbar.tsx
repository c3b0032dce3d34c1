import { useNavigate, useRouter } from '@tanstack/react-router';
import { useEffect, useRef, useState } from 'react';
import { Checkbox } from '../../components/checkbox.tsx';
import { CONTROL } from '../../components/field.tsx';
import { Icon } from '../../components/icons.tsx';
import { IconButton } from '../../components/icon-button.tsx';
import { MenuButton } from '../../components/menu.tsx';
import type { MenuItem } from '../../components/menu-items.ts';
import { Select } from '../../components/select.tsx';
import { useWords } from '../../lib/language.ts';
import { useMedia, WIDE } from '../../lib/media.ts';
import { useShortcuts } from '../../lib/shortcuts.ts';
import { Dialog } from '../../components/dialog.tsx';
import { instancesWords } from '../../words/instances.ts';
import { partsWords } from '../../words/parts.ts';
import { chooseColumns } from './chosen-columns.ts';
import { COLUMNS, FIXED, type ColumnId } from './columns.ts';
import type { InstancesSearch } from './instances-search.ts';
import { STATUSES } from './listed-status.ts';

interface ListToolbarProps {
  search: InstancesSearch;
  /** All groups of instances. */
  groups: readonly string[];
  columns: readonly ColumnId[];
  /** Called when the user goes from the search to the list. */
  onLeave: () => void;
  /** Called when the user opens the first row that has these words. */
  onEnter: (q: string) => void;
}

/** Search, filters and columns. On a narrow screen the filters are behind a button. */
export function ListToolbar({ search, groups, columns, onLeave, onEnter }: ListToolbarProps) {
  const words = useWords(instancesWords);
  const isWide = useMedia(WIDE);
  const [isOpen, setOpen] = useState(false);
  if (isWide) {
    return (
      <>
        <SearchField {...{ search, onLeave, onEnter }} />
        <Filters search={search} groups={groups} />
        <ColumnsButton search={search} columns={columns} hasGroups={groups.length > 0} />
      </>
    );
  }
  return (
    <>
      <SearchField {...{ search, onLeave, onEnter }} />
      <IconButton
        icon="filter"
        label={words.filters}
        aria-pressed={search.status !== undefined || search.group !== undefined || search.by !== undefined}
        onClick={() => setOpen(true)}
      />
      {isOpen && (
        <Dialog title={words.filters} onClose={() => setOpen(false)}>
          <div className="flex flex-col gap-4">
            <Filters search={search} groups={groups} hasLabels />
            {groups.length > 0 && <ByGroup search={search} />}
          </div>
        </Dialog>
      )}
    </>
  );
}

/** Milliseconds after the last key until the URL follows. */
const SETTLED_MS = 150;

function SearchField({ search, onLeave, onEnter }: Pick<ListToolbarProps, 'search' | 'onLeave' | 'onEnter'>) {
  const words = useWords(instancesWords);
  const navigate = useNavigate({ from: '/instances' });
  const router = useRouter();
  const [text, setText] = useState(search.q ?? '');
  const [known, setKnown] = useState(search.q);
  const ref = useRef<HTMLInputElement>(null);
  // The URL changed elsewhere: a link, or the button that clears the filters.
  if (search.q !== known) {
    setKnown(search.q);
    setText(search.q ?? '');
  }
  useShortcuts(words.keysPlace, [{ keys: '/', label: words.search, run: () => ref.current?.select() }]);
  useEffect(() => {
    const q = text === '' ? undefined : text;
    if (q === search.q) return undefined;
    const timer = setTimeout(() => {
      // Another page may be on its way, as after Enter; this would lead back.
      if (router.latestLocation.pathname !== '/instances') return;
      setKnown(q);
      void navigate({ search: { ...search, q }, replace: true });
    }, SETTLED_MS);
    return () => clearTimeout(timer);
  }, [text, search, navigate, router]);
  return (
    <span className="relative flex w-28 grow items-center broad:w-40 broad:grow-0 min-[100rem]:w-56">
      <Icon name="search" className="pointer-events-none absolute left-2 text-mute" />
      <input
        ref={ref}
        type="search"
        aria-label={words.searchLabel}
        placeholder={words.search}
        value={text}
        onChange={({ target }) => setText(target.value)}
        onKeyDown={(event) => {
          const { key, currentTarget } = event;
          if (key === 'Escape') {
            setText('');
            currentTarget.blur();
          }
          if (key === 'Enter') onEnter(text);
          if (key !== 'ArrowDown') return;
          event.preventDefault();
          onLeave();
        }}
        className={`${CONTROL} pl-8 text-body`}
      />
    </span>
  );
}

const ALL = '*';

function Filters({
  search,
  groups,
  hasLabels = false,
}: {
  search: InstancesSearch;
  groups: readonly string[];
  hasLabels?: boolean;
}) {
  const words = useWords(instancesWords);
  const { statuses } = useWords(partsWords);
  const navigate = useNavigate({ from: '/instances' });
  return (
    <>
      <Select
        label={words.filterStatus}
        isLabelHidden={!hasLabels}
        value={search.status ?? ALL}
        choices={[
          { value: ALL, label: words.allStatuses },
          ...STATUSES.map((value) => ({ value, label: value === 'blocked' ? words.blocked : statuses[value] })),
        ]}
        onChoose={(status) =>
          void navigate({ search: { ...search, status: status === ALL ? undefined : status }, replace: true })
        }
      />
      {groups.length > 0 && (
        <Select
          label={words.filterGroup}
          isLabelHidden={!hasLabels}
          value={search.group ?? ALL}
          choices={[{ value: ALL, label: words.allGroups }, ...groups.map((value) => ({ value, label: value }))]}
          onChoose={(group) =>
            void navigate({ search: { ...search, group: group === ALL ? undefined : group }, replace: true })
          }
        />
      )}
    </>
  );
}

function ByGroup({ search }: { search: InstancesSearch }) {
  const words = useWords(instancesWords);
  const navigate = useNavigate({ from: '/instances' });
  return (
    <Checkbox
      label={words.byGroup}
      checked={search.by === 'group'}
      onCheck={(isOn) => void navigate({ search: { ...search, by: isOn ? 'group' : undefined }, replace: true })}
    />
  );
}

interface ColumnsButtonProps {
  search: InstancesSearch;
  columns: readonly ColumnId[];
  hasGroups: boolean;
}

function ColumnsButton({ search, columns, hasGroups }: ColumnsButtonProps) {
  const words = useWords(instancesWords);
  const navigate = useNavigate({ from: '/instances' });
  const { by } = search;
  const shown = useRef(columns);
  useEffect(() => {
    shown.current = columns;
  }, [columns]);
  const toggle = (id: ColumnId): void => {
    const { current } = shown;
    const next = current.includes(id) ? current.filter((each) => each !== id) : [...current, id];
    shown.current = next;
    chooseColumns(next);
  };
  const items = (): readonly MenuItem[] => [
    ...COLUMNS.filter(({ id }) => !FIXED.has(id)).map(({ id }) => ({
      label: words.columnNames[id],
      isChosen: shown.current.includes(id),
      staysOpen: true,
      onSelect: () => toggle(id),
    })),
    { kind: 'line' },
    ...(hasGroups
      ? [
          {
            label: words.byGroup,
            isChosen: by === 'group',
            onSelect: () =>
              void navigate({ search: { ...search, by: by === 'group' ? undefined : 'group' }, replace: true }),
          },
        ]
      : []),
    { label: words.resetColumns, onSelect: () => chooseColumns(null) },
  ];
  return (
    <MenuButton icon="columns" label={words.columns} items={items}>
      {words.columns}
    </MenuButton>
  );
}
