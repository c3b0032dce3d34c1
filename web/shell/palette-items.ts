import { useNavigate } from '@tanstack/react-router';
import { useMemo } from 'react';
import type { IconName } from '../components/icons.tsx';
import { useApp, useRole } from '../lib/app.ts';
import { canStart, canStop, useInstanceActions } from '../lib/instance-actions.ts';
import { useWords } from '../lib/language.ts';
import type { Row } from '../lib/live/row-store.ts';
import { includes } from '../lib/permissions.ts';
import { shortcutGroups } from '../lib/shortcuts.ts';
import { chooseTheme, theme } from '../lib/theme.ts';
import { commandsWords } from '../words/commands.ts';
import { shellWords } from '../words/shell.ts';
import { PLACES } from './places.ts';

/** A line of the palette. */
export interface PaletteItem {
  id: string;
  label: string;
  icon: IconName;
  /** The kind of thing, shown behind the label. */
  hint?: string;
  keys?: string;
  run: () => void;
}

/** Returns everything that the palette finds: places, actions of this page, instances and their commands, the theme. */
export function usePaletteItems(): readonly PaletteItem[] {
  const words = useWords(shellWords);
  const commands = useWords(commandsWords);
  const { rows } = useApp();
  const role = useRole();
  const navigate = useNavigate();
  const actions = useInstanceActions();
  return useMemo(() => {
    const places = PLACES.filter(({ needs }) => includes(role, needs)).map(({ id, to, icon, key }): PaletteItem => ({
      id,
      label: words.places[id],
      icon,
      keys: `g ${key}`,
      run: () => void navigate({ to }),
    }));
    const here = shortcutGroups
      .get()
      .flatMap(({ place, shortcuts }) => shortcuts.map((shortcut) => ({ ...shortcut, place })))
      .flatMap(({ keys, label, run, place }): PaletteItem[] =>
        run === null || keys.startsWith('g ') || keys === PALETTE_KEYS
          ? []
          : [{ id: `key ${keys}`, label, icon: 'keyboard', hint: place, keys, run }],
      );
    const open = (name: string, tab?: 'logs'): void =>
      void navigate({ to: '/instances/$name', params: { name }, search: tab === undefined ? {} : { tab } });
    const ofRow = (row: Row): PaletteItem[] => {
      const { name } = row;
      const own: PaletteItem[] = [
        { id: `open ${name}`, label: name, icon: 'instances', hint: words.instance, run: () => open(name) },
      ];
      if (includes(role, 'operator')) {
        if (canStart(row))
          own.push({
            id: `start ${name}`,
            label: `${commands.start} ${name}`,
            icon: 'start',
            run: () => actions.start(name),
          });
        if (canStop(row))
          own.push({
            id: `stop ${name}`,
            label: `${commands.stop} ${name}`,
            icon: 'stop',
            run: () => actions.stop(name),
          });
        if (canStop(row))
          own.push({
            id: `restart ${name}`,
            label: `${commands.restart} ${name}`,
            icon: 'restart',
            run: () => actions.restart(name),
          });
      }
      own.push({ id: `logs ${name}`, label: `${commands.logs} ${name}`, icon: 'logs', run: () => open(name, 'logs') });
      if (includes(role, 'admin')) {
        own.push({
          id: `edit ${name}`,
          label: `${commands.edit} ${name}`,
          icon: 'edit',
          run: () => void navigate({ to: '/instances/$name/edit', params: { name } }),
        });
      }
      return own;
    };
    const themes = (['system', 'light', 'dark'] as const)
      .filter((value) => value !== theme.get())
      .map((value): PaletteItem => ({
        id: `theme ${value}`,
        label: `${words.theme}: ${words.themes[value]}`,
        icon: 'device',
        run: () => chooseTheme(value),
      }));
    const api: PaletteItem = {
      id: 'api',
      label: words.apiPage,
      icon: 'code',
      run: () => void navigate({ to: '/api' }),
    };
    return [...places, api, ...here, ...rows.all().flatMap(ofRow), ...themes];
  }, [words, commands, rows, role, navigate, actions]);
}

/** The keys that open the palette. */
export const PALETTE_KEYS = 'mod+k';
