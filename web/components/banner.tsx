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
  /** The button that hides it. It stays beside the text where a narrow screen has no room for the others. */
  close?: ReactNode;
  /** Keeps the text and the buttons on one line. */
  isOneLine?: boolean;
  children: ReactNode;
}

/** A line across the page or a panel that needs attention. */
export function Banner({ kind, actions, close, isOneLine = false, children }: BannerProps) {
  return (
    <div
      role="status"
      className={classNames(
        'flex shrink-0 items-center gap-x-3 gap-y-1 border-b border-line px-4 wide:px-6',
        isOneLine ? 'py-0.5' : 'flex-wrap py-1.5',
        KINDS[kind],
      )}
    >
      <StatusShape of={kind === 'info' ? 'busy' : kind} />
      <div
        className={classNames(
          'min-w-0 grow',
          isOneLine
            ? 'flex'
            : close === undefined
              ? 'basis-60 py-1 break-words wide:basis-112'
              : 'basis-40 py-1 break-words wide:basis-112',
        )}
      >
        {children}
      </div>
      {actions !== undefined && (
        <div
          className={classNames(
            'flex items-center gap-1',
            isOneLine ? 'shrink-0' : 'flex-wrap',
            !isOneLine && close !== undefined && 'order-last basis-full wide:order-none wide:basis-auto',
          )}
        >
          {actions}
        </div>
      )}
      {close}
    </div>
  );
}
