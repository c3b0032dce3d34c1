import type { Status } from '@llamactl/client';
import type { ReactNode } from 'react';
import { classNames } from '../lib/class-names.ts';
import { useWords } from '../lib/language.ts';
import { partsWords } from '../words/parts.ts';

/** A judgement that is no status of an instance: a check, a fit, an outcome. */
export type Verdict = 'ok' | 'busy' | 'warn' | 'bad' | 'off';

type Shape = 'disc' | 'rising' | 'falling' | 'diamond' | 'triangle' | 'square';

/** Shape and colour of each status. Shapes differ because red and amber look the same to some eyes. */
const LOOKS: Readonly<Record<Status | Verdict, readonly [Shape, string]>> = {
  running: ['disc', 'text-ok'],
  starting: ['rising', 'text-busy'],
  stopping: ['falling', 'text-busy'],
  restarting: ['diamond', 'text-warn'],
  failed: ['triangle', 'text-bad'],
  stopped: ['square', 'text-off'],
  ok: ['disc', 'text-ok'],
  busy: ['rising', 'text-busy'],
  warn: ['diamond', 'text-warn'],
  bad: ['triangle', 'text-bad'],
  off: ['square', 'text-off'],
};

/** The shape of a status, 10 px. Give it a word beside it, or a `label`. */
export function StatusShape({ of, label }: { of: Status | Verdict; label?: string }) {
  const [shape, colour] = LOOKS[of];
  return (
    <svg
      role={label === undefined ? undefined : 'img'}
      aria-label={label}
      aria-hidden={label === undefined}
      width="10"
      height="10"
      viewBox="0 0 10 10"
      className={classNames('shrink-0', colour)}
      fill="currentColor"
      stroke="currentColor"
    >
      {shape === 'disc' && <circle cx="5" cy="5" r="4" strokeWidth="0" />}
      {shape === 'square' && <rect x="1.75" y="1.75" width="6.5" height="6.5" fill="none" strokeWidth="1.5" />}
      {shape === 'triangle' && <path d="M5 .8 9.6 9.2H.4Z" strokeWidth="0" />}
      {shape === 'diamond' && <path d="M5 0 10 5 5 10 0 5Z" strokeWidth="0" />}
      {shape === 'rising' && (
        <>
          <circle cx="5" cy="5" r="3.5" fill="none" strokeWidth="1" />
          <path d="M5 1.5a3.5 3.5 0 0 1 0 7Z" strokeWidth="0" />
        </>
      )}
      {shape === 'falling' && (
        <>
          <circle cx="5" cy="5" r="3.5" fill="none" strokeWidth="1" />
          <path d="M5 1.5a3.5 3.5 0 0 0 0 7Z" strokeWidth="0" />
        </>
      )}
    </svg>
  );
}

/** Shape, word and colour of the status of an instance. @param word Says more than the status, as "loads" of starting. */
export function StatusMark({ status, word }: { status: Status; word?: string }) {
  const words = useWords(partsWords);
  return (
    <span className={classNames('inline-flex min-w-0 items-center gap-1.5', LOOKS[status][1])}>
      <StatusShape of={status} />
      <span className="min-w-0 truncate">{word ?? words.statuses[status]}</span>
    </span>
  );
}

/** Shape and colour of a verdict with its words. */
export function VerdictMark({ verdict, children }: { verdict: Verdict; children: ReactNode }) {
  return (
    <span className={classNames('inline-flex min-w-0 items-center gap-1.5', LOOKS[verdict][1])}>
      <StatusShape of={verdict} />
      <span className="min-w-0 truncate">{children}</span>
    </span>
  );
}
