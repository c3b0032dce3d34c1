import { Outlet } from '@tanstack/react-router';
import { MenuHost } from '../components/menu.tsx';
import { ToastHost } from '../components/toast.tsx';
import { TooltipHost } from '../components/tooltip.tsx';
import { useWords } from '../lib/language.ts';
import { logInWords } from '../words/log-in.ts';
import { Logo } from './logo.tsx';

/** The frame around a page that needs no log-in, for readers without one. */
export function PublicFrame() {
  const words = useWords(logInWords);
  return (
    <div className="flex h-dvh flex-col">
      <header className="flex h-14 shrink-0 items-center justify-between border-b border-line bg-panel px-4 wide:px-6">
        <span className="flex items-center gap-2 text-section font-strong">
          <Logo />
          llamactl
        </span>
        <a href="#/instances" className="flex min-h-11 items-center text-accent hover:underline">
          {words.title}
        </a>
      </header>
      <main className="flex min-h-0 min-w-0 grow flex-col">
        <Outlet />
      </main>
      <MenuHost />
      <TooltipHost />
      <ToastHost />
    </div>
  );
}
