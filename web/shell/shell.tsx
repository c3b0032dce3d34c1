import { useLocation, useNavigate } from '@tanstack/react-router';
import { useEffect } from 'react';
import { MenuHost, openMenu } from '../components/menu.tsx';
import { leaveErrors, ToastHost } from '../components/toast.tsx';
import { TooltipHost } from '../components/tooltip.tsx';
import { useRole } from '../lib/app.ts';
import { askedRequest } from '../lib/asked-request.ts';
import { useWords } from '../lib/language.ts';
import { includes } from '../lib/permissions.ts';
import { useShortcuts } from '../lib/shortcuts.ts';
import { shellWords } from '../words/shell.ts';
import { DownloadsBar } from './downloads-bar.tsx';
import { BottomBar, SideNavigation } from './navigation.tsx';
import { PLACES } from './places.ts';
import { GuardedOutlet } from './guarded-outlet.tsx';
import { InstanceQuestions } from './instance-questions.tsx';
import { isKeyListOpen, KeyList } from './key-list.tsx';
import { LogInAgain } from './log-in-again.tsx';
import { Palette } from './palette.tsx';
import { isPaletteOpen, PALETTE_KEYS } from './palette-opening.ts';
import { RequestQuestion } from './request-question.tsx';
import { ShellBanners } from './shell-banners.tsx';

/** The frame around all pages: navigation, banners, and the hosts of menus, tooltips and messages. */
export function Shell() {
  const words = useWords(shellWords);
  const role = useRole();
  const navigate = useNavigate();
  useLeaving();
  useShortcuts(words.navigation, [
    { keys: PALETTE_KEYS, label: words.palette, run: () => isPaletteOpen.set(!isPaletteOpen.get()), isGlobal: true },
    { keys: '?', label: words.keys, run: () => isKeyListOpen.set(true) },
    ...PLACES.filter(({ needs }) => includes(role, needs)).map(({ id, to, key }) => ({
      keys: `g ${key}`,
      label: words.places[id],
      run: () => void navigate({ to }),
    })),
  ]);
  return (
    <InstanceQuestions>
      <div className="flex h-dvh flex-col wide:flex-row">
        <a
          href="#content"
          className="sr-only focus:not-sr-only focus:absolute focus:z-50 focus:bg-raised focus:p-2"
          onClick={focusContent}
        >
          {words.skip}
        </a>
        <SideNavigation />
        <main id="content" tabIndex={-1} className="flex min-h-0 min-w-0 grow flex-col outline-none">
          <ShellBanners />
          <GuardedOutlet />
          <DownloadsBar />
        </main>
        <BottomBar />
        <MenuHost />
        <TooltipHost />
        <ToastHost />
        <Palette />
        <KeyList />
        <RequestQuestion />
        <LogInAgain />
      </div>
    </InstanceQuestions>
  );
}

/** Closes what belongs to the page that the user leaves, also by the button of the browser. */
function useLeaving(): void {
  const href = useLocation({ select: (location) => location.href });
  const page = useLocation({ select: ({ pathname }) => pathname });
  useEffect(() => openMenu.set(null), [href]);
  useEffect(() => {
    leaveErrors();
    askedRequest.set(null);
  }, [page]);
}

/** The hash belongs to the router, so the link itself must not be followed. */
function focusContent(event: { preventDefault: () => void }): void {
  event.preventDefault();
  document.querySelector<HTMLElement>('#content')?.focus();
}
