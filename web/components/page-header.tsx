import { useCanGoBack } from '@tanstack/react-router';
import { useEffect, useRef, type ReactNode } from 'react';

interface PageHeaderProps {
  /** Also the title of the tab. */
  title: string;
  /** Shown in place of the title, as with a status. */
  heading?: ReactNode;
  /** Figures beside the title. */
  note?: ReactNode;
  actions?: ReactNode;
}

/**
 * The head of a page: its name, figures and actions. Sets the title of the tab. It takes the focus if the page before had it,
 * so that keys and screen readers go on from here.
 */
export function PageHeader({ title, heading, note, actions }: PageHeaderProps) {
  useEffect(() => {
    document.title = `${title} · llamactl`;
  }, [title]);
  const name = useRef<HTMLHeadingElement>(null);
  // The first page of a tab begins with its navigation.
  const isLater = useCanGoBack();
  useEffect(() => {
    if (isLater && document.activeElement === document.body) name.current?.focus({ preventScroll: true });
  }, [isLater]);
  return (
    <header className="flex min-h-14 shrink-0 flex-wrap items-center gap-x-4 gap-y-2 px-4 py-2 wide:px-6 broad:flex-nowrap">
      <h1
        ref={name}
        tabIndex={-1}
        className="min-w-0 truncate text-page font-strong outline-none broad:max-w-[60%] broad:shrink-0"
      >
        {heading ?? title}
      </h1>
      {note !== undefined && <div className="figures min-w-0 truncate text-mute">{note}</div>}
      {actions !== undefined && (
        <div className="flex min-w-0 grow flex-wrap items-center justify-end gap-2 broad:shrink-0 broad:flex-nowrap">
          {actions}
        </div>
      )}
    </header>
  );
}

/** The scrolling content of a page below its header. */
export function PageBody({ children }: { children: ReactNode }) {
  return <div className="min-h-0 grow overflow-y-auto px-4 pb-8 wide:px-6">{children}</div>;
}
