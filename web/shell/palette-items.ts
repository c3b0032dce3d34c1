import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useMemo } from 'react';
import { showError } from '../components/toast.tsx';
import { useApp, useHasAccounts, useRole } from '../lib/app.ts';
import { useInstanceActions } from '../lib/instance-actions.ts';
import { chooseLanguage, language, useWords } from '../lib/language.ts';
import { includes } from '../lib/permissions.ts';
import { configQuery, keysQuery, usersQuery } from '../lib/queries.ts';
import { useReload } from '../lib/reload.ts';
import { shortcutGroups } from '../lib/shortcuts.ts';
import { chooseTheme, theme } from '../lib/theme.ts';
import { ACCESS_TABS, FOR_ADMINS, type AccessTab } from '../pages/access/access-search.ts';
import type { SystemTab } from '../pages/system/system-search.ts';
import { commandsWords } from '../words/commands.ts';
import { partsWords } from '../words/parts.ts';
import { shellWords } from '../words/shell.ts';
import { groupItems } from './palette-groups.ts';
import { instanceItems } from './palette-instances.ts';
import { PALETTE_KEYS } from './palette-opening.ts';
import type { PaletteItem } from './palette-text.ts';
import { PLACES } from './places.ts';

/** Returns everything that the palette finds: places and their parts, actions of this page, instances, settings, commands. */
export function usePaletteItems(): readonly PaletteItem[] {
  const words = useWords(shellWords);
  const commands = useWords(commandsWords);
  const { statuses } = useWords(partsWords);
  const { rows } = useApp();
  const role = useRole();
  const navigate = useNavigate();
  const actions = useInstanceActions();
  const parts = usePartItems();
  const settings = useSettingItems();
  const accounts = useAccountItems();
  const server = useServerItems();
  return useMemo(() => {
    const places = PLACES.filter(({ needs }) => includes(role, needs)).map(({ id, to, icon, key }): PaletteItem => ({
      id,
      label: words.places[id],
      icon,
      keys: `g ${key}`,
      words: words.findsPlace[id],
      run: () => void navigate({ to }),
    }));
    const here = shortcutGroups
      .get()
      .flatMap(({ place, shortcuts }) => shortcuts.map((shortcut) => ({ ...shortcut, place })))
      .flatMap(({ keys, label, run, place, isUnlisted = false }): PaletteItem[] =>
        run === null || isUnlisted || keys.startsWith('g ') || keys === PALETTE_KEYS
          ? []
          : [{ id: `key ${keys}`, label, icon: 'keyboard', hint: place, keys, run }],
      );
    const instances = rows
      .all()
      .flatMap((row) => instanceItems(row, { role, words, commands, statuses, actions, navigate }));
    const groups = groupItems(rows.all(), { role, words, commands, actions, navigate });
    const themes = (['system', 'light', 'dark'] as const)
      .filter((value) => value !== theme.get())
      .map((value): PaletteItem => ({
        id: `theme ${value}`,
        label: `${words.theme}: ${words.themes[value]}`,
        icon: 'device',
        run: () => chooseTheme(value),
      }));
    const languages = (['en', 'de'] as const)
      .filter((value) => value !== language.get())
      .map((value): PaletteItem => ({
        id: `language ${value}`,
        label: `${words.language}: ${words.languages[value]}`,
        icon: 'language',
        // A language is also searched for by its name in another one.
        words: value === 'de' ? 'german' : 'englisch',
        run: () => chooseLanguage(value),
      }));
    const shown = new Set(here.map(({ label }) => label));
    const others = [...parts, ...server].filter(({ label }) => !shown.has(label));
    return [...places, ...here, ...others, ...instances, ...groups, ...accounts, ...themes, ...languages, ...settings];
  }, [words, commands, statuses, rows, role, navigate, actions, parts, server, settings, accounts]);
}

/** Parts of places: tabs, and what they make. */
function usePartItems(): readonly PaletteItem[] {
  const words = useWords(shellWords);
  const role = useRole();
  const navigate = useNavigate();
  const hasAccounts = useHasAccounts();
  return useMemo(() => {
    const { parts, places } = words;
    const isAdmin = includes(role, 'admin');
    const access = (tab: AccessTab, label: string = parts[tab], more = ''): PaletteItem => ({
      id: `access ${label}`,
      label,
      icon: 'access',
      hint: places.access,
      words: `${places.access} ${more}`,
      run: () => void navigate({ to: '/access', search: { tab } }),
    });
    const tabs = ACCESS_TABS.filter((tab) => isAdmin || !FOR_ADMINS.has(tab));
    const system = (tab: SystemTab & keyof typeof parts): PaletteItem => ({
      id: `system ${tab}`,
      label: parts[tab],
      icon: 'system',
      hint: places.system,
      words: places.system,
      run: () => void navigate({ to: '/system', search: { tab } }),
    });
    const setting = (tab: 'configuration' | 'fleet'): PaletteItem => ({
      id: `settings ${tab}`,
      label: parts[tab],
      icon: 'settings',
      hint: places.settings,
      words: places.settings,
      run: () => void navigate({ to: '/settings', search: { tab } }),
    });
    return [
      ...(hasAccounts ? [...tabs.map((tab) => access(tab)), access('keys', parts.newKey, words.findsNew)] : []),
      ...(hasAccounts && isAdmin ? [access('users', parts.newUser, words.findsNew)] : []),
      {
        id: 'gpu memory',
        label: parts.gpuMemory,
        icon: 'instances',
        hint: places.instances,
        run: () => void navigate({ to: '/instances', search: { sort: 'gpu' } }),
      },
      system('alerts'),
      ...(isAdmin ? [system('doctor'), system('log'), setting('configuration'), setting('fleet')] : []),
      ...(isAdmin
        ? [{ id: 'new', label: parts.newInstance, icon: 'plus', run: () => void navigate({ to: '/new' }) } as const]
        : []),
      { id: 'api', label: words.apiPage, icon: 'code', run: () => void navigate({ to: '/api' }) },
    ];
  }, [words, role, navigate, hasAccounts]);
}

/** The settings of the configuration by their keys, for administrators. */
function useSettingItems(): readonly PaletteItem[] {
  const words = useWords(shellWords);
  const { client } = useApp();
  const isAdmin = includes(useRole(), 'admin');
  const navigate = useNavigate();
  const { data } = useQuery({ ...configQuery(client), enabled: isAdmin });
  return useMemo(
    () =>
      Object.keys(data?.sources ?? {}).map((key): PaletteItem => ({
        id: `setting ${key}`,
        label: key,
        icon: 'settings',
        hint: words.setting,
        words: `${key.replaceAll(/[._]/g, ' ')} ${words.setting}`,
        run: () => void navigate({ to: '/settings', search: { q: key } }),
      })),
    [data, words, navigate],
  );
}

/** Users and keys by their names, for administrators. */
function useAccountItems(): readonly PaletteItem[] {
  const words = useWords(shellWords);
  const { client } = useApp();
  const hasAccounts = useHasAccounts();
  const isAdmin = includes(useRole(), 'admin');
  const navigate = useNavigate();
  const enabled = isAdmin && hasAccounts;
  const { data: users } = useQuery({ ...usersQuery(client), enabled });
  const { data: keys } = useQuery({ ...keysQuery(client), enabled });
  return useMemo(
    () => [
      ...(users ?? []).map(({ username }): PaletteItem => ({
        id: `user ${username}`,
        label: username,
        icon: 'access',
        hint: words.user,
        words: `${words.user} ${words.findsUser}`,
        run: () => void navigate({ to: '/access', search: { tab: 'users' } }),
      })),
      ...(keys ?? []).map(({ id, name, owner }): PaletteItem => ({
        id: `api key ${id}`,
        label: name,
        icon: 'access',
        hint: words.keyOf(owner),
        words: `${words.keyOf(owner)} ${words.findsKey}`,
        run: () => void navigate({ to: '/access', search: { tab: 'keys', owner } }),
      })),
    ],
    [users, keys, words, navigate],
  );
}

/** Commands to the server, and to the log-in. */
function useServerItems(): readonly PaletteItem[] {
  const words = useWords(shellWords);
  const { logIn } = useApp();
  const hasAccounts = useHasAccounts();
  const isAdmin = includes(useRole(), 'admin');
  const { mutate: reload } = useReload();
  return useMemo(
    () => [
      ...(isAdmin ? [{ id: 'reload', label: words.reloadServer, icon: 'refresh', run: () => reload() } as const] : []),
      ...(hasAccounts
        ? [
            {
              id: 'log out',
              label: words.logOut,
              icon: 'log-out',
              words: words.findsLogOut,
              run: () => void logIn.logOut().catch(showError),
            } as const,
          ]
        : []),
    ],
    [words, isAdmin, hasAccounts, reload, logIn],
  );
}
