import type { ReactNode } from 'react';
import { classNames } from '../lib/class-names.ts';
import type { Verdict } from './status.tsx';

const COLOURS: Readonly<Record<Verdict | 'plain' | 'accent', string>> = {
  plain: 'border-line text-mute',
  accent: 'border-accent text-accent',
  ok: 'border-ok text-ok',
  busy: 'border-busy text-busy',
  warn: 'border-warn text-warn',
  bad: 'border-bad text-bad',
  off: 'border-line text-off',
};

/** A short fact beside a name: a quantisation, a group, "file is missing". */
export function Badge({
  colour = 'plain',
  children,
  tip,
}: {
  colour?: keyof typeof COLOURS;
  children: ReactNode;
  tip?: string;
}) {
  return (
    <span
      data-tip={tip}
      className={classNames(
        'inline-flex h-5 max-w-full shrink-0 items-center rounded-control border px-1.5 text-label whitespace-nowrap',
        COLOURS[colour],
      )}
    >
      {children}
    </span>
  );
}
