import { useNavigate } from '@tanstack/react-router';
import { Icon } from '../components/icons.tsx';
import type { MenuItem } from '../components/menu-items.ts';
import { showMenu } from '../components/menu.tsx';
import { showError } from '../components/toast.tsx';
import { useApp, useHasAccounts, useRole } from '../lib/app.ts';
import { classNames } from '../lib/class-names.ts';
import { chooseLanguage, language, useWords } from '../lib/language.ts';
import { chooseTheme, theme } from '../lib/theme.ts';
import { useStored } from '../lib/value-store.ts';
import { partsWords } from '../words/parts.ts';
import { shellWords } from '../words/shell.ts';
import { isKeyListOpen } from './key-list.tsx';

const THEMES = ['system', 'light', 'dark'] as const;
const THEME_ICONS = { system: 'device', light: 'light', dark: 'dark' } as const;
const LANGUAGES = ['en', 'de'] as const;

/** The user and the role as a sentence; `null`: accounts are off. */
function useWho(): string | null {
  const { youAre } = useWords(partsWords);
  const hasAccounts = useHasAccounts();
  const role = useRole();
  const state = useStored(useApp().logIn.state);
  return hasAccounts && state.kind === 'in' ? youAre(state.me.caller?.username ?? null, role) : null;
}

/** Returns a function that makes the lines of the account menu. */
export function useAccountItems(): () => readonly MenuItem[] {
  const words = useWords(shellWords);
  const { logIn } = useApp();
  const navigate = useNavigate();
  const hasAccounts = useHasAccounts();
  const who = useWho();
  return () => [
    ...(who === null ? [] : [{ kind: 'heading', label: who } as const]),
    { kind: 'heading', label: words.theme },
    ...THEMES.map((value) => ({
      label: words.themes[value],
      icon: THEME_ICONS[value],
      isChosen: theme.get() === value,
      staysOpen: true,
      onSelect: () => chooseTheme(value),
    })),
    { kind: 'heading', label: words.language },
    ...LANGUAGES.map((value) => ({
      label: words.languages[value],
      isChosen: language.get() === value,
      onSelect: () => chooseLanguage(value),
    })),
    { kind: 'line' },
    { label: words.keys, icon: 'keyboard', keyHint: '?', onSelect: () => isKeyListOpen.set(true) },
    ...(hasAccounts
      ? ([
          { label: words.myAccount, icon: 'user', onSelect: () => void navigate({ to: '/access' }) },
          { label: words.logOut, icon: 'log-out', onSelect: () => void logIn.logOut().catch(showError) },
        ] as const)
      : []),
  ];
}

/** The button of the account in the side navigation. */
export function AccountButton() {
  const words = useWords(shellWords);
  const items = useAccountItems();
  const state = useStored(useApp().logIn.state);
  const me = state.kind === 'in' ? state.me : null;
  const role = useRole();
  const who = useWho();
  const name = me?.caller?.username ?? (me?.auth_enabled === false ? words.accountsOff : words.account);
  return (
    <button
      type="button"
      aria-haspopup="menu"
      data-tip={who ?? undefined}
      className="flex h-8 items-center gap-2.5 rounded-control px-2 text-left hover:bg-hover pointer-coarse:h-11"
      onClick={({ currentTarget }) => showMenu(currentTarget, words.account, items)}
    >
      <Icon name="user" className="text-mute" />
      <span className={classNames('min-w-0 truncate', who === null && 'grow')}>{name}</span>
      {who !== null && <span className="grow text-label text-mute">{role}</span>}
      <Icon name="more" className="text-mute" />
    </button>
  );
}
