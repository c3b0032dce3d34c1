import { Link } from '@tanstack/react-router';
import type { PastAlert } from '@llamactl/client';
import type { ReactNode } from 'react';
import { Badge } from '../../components/badge.tsx';
import { ServerSentence } from '../../components/server-sentence.tsx';
import { StatusShape, type Verdict } from '../../components/status.tsx';
import { alertTitle } from '../../lib/alert-title.ts';
import { useWords } from '../../lib/language.ts';
import { alertWords } from '../../words/alerts.ts';
import { useServerWords } from '../../lib/server-words.ts';
import { whyWords } from '../../words/why.ts';

interface AlertLineProps {
  alert: Pick<PastAlert, 'level' | 'message' | 'instance' | 'code' | 'cause'>;
  verdict: Verdict;
  time: ReactNode;
  /** Buttons below the message. */
  actions?: ReactNode;
}

/** One alert of a list: its message, instance, title and cause, and a time at the end. */
export function AlertLine({ alert, verdict, time, actions }: AlertLineProps) {
  const words = useWords(whyWords);
  const alerts = useWords(alertWords);
  const { level, message, instance, code, cause } = alert;
  const own = useServerWords()?.alert(alert) ?? null;
  return (
    <li className="flex flex-wrap items-baseline gap-x-3 py-2">
      <StatusShape of={verdict} label={alerts.levels[level]} />
      <span className="min-w-0 grow basis-60">
        <span className="block break-words">
          <ServerSentence own={own} words={message} />
        </span>
        <span className="flex flex-wrap items-center gap-x-3 text-label">
          {instance !== undefined && (
            <Link
              to="/instances/$name"
              params={{ name: instance }}
              className="inline-flex min-h-6 max-w-full min-w-0 items-center text-accent hover:underline"
            >
              <span className="truncate">{instance}</span>
            </Link>
          )}
          <span title={code} className="inline-flex min-h-6 items-center text-label text-mute">
            {alertTitle(code, alerts)}
          </span>
          {cause !== undefined && cause !== 'unknown' && <Badge>{words.cause(cause)}</Badge>}
          <span className="figures text-mute wide:hidden">{time}</span>
        </span>
        {actions !== undefined && actions !== false && (
          <span className="-ml-2 flex flex-wrap items-center gap-1 pt-0.5">{actions}</span>
        )}
      </span>
      <span className="figures hidden shrink-0 text-mute wide:block">{time}</span>
    </li>
  );
}
