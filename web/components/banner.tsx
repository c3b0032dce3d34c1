import type { ReactNode } from 'react';
import { classNames } from '../lib/class-names.ts';
import { StatusShape } from './status.tsx';

const KINDS = {
  info: 'bg-accent-soft',
  warn: 'bg-warn-soft',
  bad: 'bg-bad-soft',
} as const;

interface BannerProps {
  kind: keyof typeof KINDS;
  /** Buttons at the end. */
  actions?: ReactNode;
  children: ReactNode;
}

/** A line across the page or a panel that needs attention. */
export function Banner({ kind, actions, children }: BannerProps) {
  return (
    <div
      role="status"
      className={classNames(
        'flex shrink-0 flex-wrap items-center gap-x-3 gap-y-1 border-b border-line px-4 py-1.5 wide:px-6',
        KINDS[kind],
      )}
    >
      <StatusShape of={kind === 'info' ? 'busy' : kind} />
      <div className="min-w-0 grow basis-60 py-1 break-words">{children}</div>
      {actions !== undefined && <div className="flex flex-wrap items-center gap-1">{actions}</div>}
    </div>
  );
}
