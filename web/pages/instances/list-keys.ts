import { useNavigate } from '@tanstack/react-router';
import type { RefObject } from 'react';
import type { GridHandle } from '../../components/grid.tsx';
import { useMay } from '../../lib/app.ts';
import { useInstanceActions } from '../../lib/instance-actions.ts';
import { useWords } from '../../lib/language.ts';
import { useIsOnline } from '../../lib/live/live-hooks.ts';
import { useShortcuts, type Shortcut } from '../../lib/shortcuts.ts';
import { commandsWords } from '../../words/commands.ts';
import { instancesWords } from '../../words/instances.ts';
import type { Selection } from './selection.ts';

/** Keys of the list that bring the focus into it, from anywhere on the page, beside those of every grid. */
const GRID_KEYS = ['x', 'shift+ArrowDown', 'shift+ArrowUp'];

interface ListKeys {
  /** The row that the keys act on; `null`: none. */
  current: string | null;
  selection: Selection;
  grid: RefObject<GridHandle | null>;
}

/** Keys that move in the list, and act on the current row or on the selected ones. */
export function useListKeys({ current, selection: { selected, clear }, grid }: ListKeys): void {
  const words = useWords(instancesWords);
  const commands = useWords(commandsWords);
  const navigate = useNavigate();
  const actions = useInstanceActions();
  const isOnline = useIsOnline();
  const mayOperate = useMay('operator');
  const mayAct = mayOperate && isOnline;
  const isAdmin = useMay('admin');
  const named = (): readonly string[] => (selected.size > 0 ? [...selected] : current === null ? [] : [current]);
  const one = (action: (name: string) => void) => (): void => {
    if (current !== null) action(current);
  };
  const many = (action: (...names: readonly string[]) => void) => (): void => {
    const names = named();
    if (names.length > 0) action(...names);
  };
  const moving = GRID_KEYS.map((keys): Shortcut => {
    const key = { key: keys.replace('shift+', ''), shiftKey: keys.startsWith('shift+') };
    return { keys, label: '', isUnlisted: true, run: () => grid.current?.press(key) };
  });
  useShortcuts(words.keysPlace, [
    ...moving,
    { keys: 'ArrowDown', label: words.keyNext, run: null },
    { keys: 'Enter', label: words.keyOpen, run: null },
    ...(mayOperate
      ? [
          { keys: 'x', label: words.keySelect, run: null },
          { keys: 'shift+ArrowDown', label: words.keyRange, run: null },
        ]
      : []),
    ...(mayAct
      ? [
          { keys: 's', label: words.keyStartStop, run: one(actions.toggle) },
          { keys: 'r', label: commands.restart, run: many(actions.restart) },
        ]
      : []),
    {
      keys: 'l',
      label: commands.logs,
      run: one((name) => void navigate({ to: '/instances/$name', params: { name }, search: { tab: 'logs' } })),
    },
    ...(mayOperate
      ? [
          {
            keys: 'c',
            label: words.keyChat,
            run: one((name) => void navigate({ to: '/playground', search: { instance: name } })),
          },
        ]
      : []),
    ...(isAdmin
      ? [
          {
            keys: 'e',
            label: commands.edit,
            run: one((name) => void navigate({ to: '/instances/$name/edit', params: { name } })),
          },
          { keys: 'Delete', label: commands.remove, run: isOnline ? many(actions.delete) : () => undefined },
        ]
      : []),
    ...(selected.size > 0 ? [{ keys: 'Escape', label: words.keyClear, run: clear }] : []),
  ]);
}
