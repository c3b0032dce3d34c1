import { Link, useNavigate } from '@tanstack/react-router';
import { Icon } from '../components/icons.tsx';
import type { MenuItem } from '../components/menu-items.ts';
import { showMenu } from '../components/menu.tsx';
import { useRole } from '../lib/app.ts';
import { useWords } from '../lib/language.ts';
import { includes } from '../lib/permissions.ts';
import { shellWords } from '../words/shell.ts';
import { AccountButton, useAccountItems } from './account-menu.tsx';
import { ConnectionMark } from './connection-mark.tsx';
import { Logo } from './logo.tsx';
import { KeyCaps } from './key-caps.tsx';
import { isPaletteOpen, PALETTE_KEYS } from './palette-opening.ts';
import { PLACES } from './places.ts';

const SIDE_LINK =
  'flex h-8 items-center gap-2.5 rounded-control px-2 text-mute hover:bg-hover hover:text-ink pointer-coarse:h-11 aria-[current=page]:bg-hover aria-[current=page]:font-strong aria-[current=page]:text-ink';

/** The navigation of a wide screen. */
export function SideNavigation() {
  const words = useWords(shellWords);
  const role = useRole();
  return (
    <div className="hidden w-48 shrink-0 flex-col border-r border-line bg-panel wide:flex">
      <Link to="/instances" className="flex h-14 items-center gap-2 px-4 text-section font-strong">
        <Logo />
        llamactl
      </Link>
      <PaletteButton />
      <nav aria-label={words.navigation} className="flex grow flex-col gap-0.5 overflow-y-auto px-2">
        {PLACES.filter(({ needs }) => includes(role, needs)).map(({ id, to, icon }) => (
          <Link key={id} to={to} className={SIDE_LINK}>
            <Icon name={icon} />
            {words.places[id]}
          </Link>
        ))}
      </nav>
      <div className="flex flex-col gap-0.5 border-t border-line p-2">
        <Link to="/api" className={SIDE_LINK}>
          <Icon name="code" />
          {words.apiPage}
        </Link>
        <ConnectionMark />
        <AccountButton />
      </div>
    </div>
  );
}

function PaletteButton() {
  const words = useWords(shellWords);
  return (
    <button
      type="button"
      onClick={() => isPaletteOpen.set(true)}
      className="mx-2 mb-2 flex h-8 items-center gap-2 rounded-control border border-line bg-canvas px-2 text-mute hover:text-ink"
    >
      <Icon name="search" />
      <span className="min-w-0 grow truncate text-left">{words.paletteShort}</span>
      <KeyCaps keys={PALETTE_KEYS} />
    </button>
  );
}

/** The navigation of a narrow screen. */
export function BottomBar() {
  const words = useWords(shellWords);
  const role = useRole();
  const navigate = useNavigate();
  const accountItems = useAccountItems();
  const places = PLACES.filter(({ needs }) => includes(role, needs));
  const item =
    'flex h-14 min-w-0 grow basis-0 flex-col items-center justify-center gap-0.5 text-label text-mute aria-[current=page]:text-accent';
  const more = (): readonly MenuItem[] => [
    ...places
      .filter(({ isInBar }) => !isInBar)
      .map(({ id, to, icon }) => ({ label: words.places[id], icon, onSelect: () => void navigate({ to }) })),
    { label: words.apiPage, icon: 'code', onSelect: () => void navigate({ to: '/api' }) },
    { kind: 'line' },
    ...accountItems(),
  ];
  return (
    <nav
      aria-label={words.navigation}
      className="flex shrink-0 border-t border-line bg-panel pb-[env(safe-area-inset-bottom)] wide:hidden"
    >
      {places
        .filter(({ isInBar }) => isInBar)
        .map(({ id, to, icon }) => (
          <Link key={id} to={to} className={item}>
            <Icon name={icon} />
            <span className="max-w-full truncate">{words.places[id]}</span>
          </Link>
        ))}
      <button
        type="button"
        aria-haspopup="menu"
        className={item}
        onClick={({ currentTarget }) => showMenu(currentTarget, words.more, more)}
      >
        <Icon name="more" />
        {words.more}
      </button>
    </nav>
  );
}
