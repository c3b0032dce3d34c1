import { useNavigate } from '@tanstack/react-router';
import { IconButton } from '../../components/icon-button.tsx';
import { MenuButton } from '../../components/menu.tsx';
import type { MenuItem } from '../../components/menu-items.ts';
import { useMay } from '../../lib/app.ts';
import { canStart, canStop, useInstanceActions } from '../../lib/instance-actions.ts';
import { useWords } from '../../lib/language.ts';
import { useIsOnline, usePending } from '../../lib/live/live-hooks.ts';
import type { Row } from '../../lib/live/row-store.ts';
import { commandsWords } from '../../words/commands.ts';
import { isAble } from '../playground/abilities.ts';

/**
 * Start or stop, and a menu with the rest; before them the chat, which not all rows have, so that the others stay in their columns.
 * They are no stops of the Tab key: the keys of the list do the same.
 */
export function RowActions({ row }: { row: Row }) {
  const { name } = row;
  const words = useWords(commandsWords);
  const navigate = useNavigate();
  const actions = useInstanceActions();
  const pending = usePending(name);
  const isOnline = useIsOnline();
  const mayOperate = useMay('operator');
  const isAdmin = useMay('admin');
  const starts = canStart(row);
  const items = (): readonly MenuItem[] => [
    {
      label: words.logs,
      icon: 'logs',
      keyHint: 'l',
      onSelect: () => void navigate({ to: '/instances/$name', params: { name }, search: { tab: 'logs' } }),
    },
    {
      label: words.use,
      icon: 'code',
      onSelect: () => void navigate({ to: '/instances/$name', params: { name }, search: { tab: 'use' } }),
    },
    ...(mayOperate
      ? ([
          {
            label: words.restart,
            icon: 'restart',
            keyHint: 'r',
            disabled: !isOnline || starts,
            onSelect: () => actions.restart(name),
          },
        ] as const)
      : []),
    ...(isAdmin
      ? ([
          { kind: 'line' },
          {
            label: words.edit,
            icon: 'edit',
            keyHint: 'e',
            onSelect: () => void navigate({ to: '/instances/$name/edit', params: { name } }),
          },
          {
            label: words.duplicate,
            icon: 'copy',
            onSelect: () => void navigate({ to: '/new', search: { from: name } }),
          },
          {
            label: words.removeDots,
            icon: 'trash',
            keyHint: 'Del',
            isDanger: true,
            disabled: !isOnline,
            onSelect: () => actions.delete(name),
          },
        ] as const)
      : []),
  ];
  return (
    <span className="flex items-center justify-end">
      {mayOperate && isAble(row, 'chat') && (
        <IconButton
          tabIndex={-1}
          icon="playground"
          label={words.chatWith(name)}
          onClick={() => void navigate({ to: '/playground', search: { instance: name } })}
        />
      )}
      {mayOperate && (
        <IconButton
          tabIndex={-1}
          icon={starts ? 'start' : 'stop'}
          label={starts ? words.startName(name) : words.stopName(name)}
          isPending={pending !== undefined}
          disabled={!isOnline || !(starts || canStop(row))}
          onClick={() => actions.toggle(name)}
        />
      )}
      <MenuButton tabIndex={-1} label={words.more(name)} items={items} />
    </span>
  );
}
