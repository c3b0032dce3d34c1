import type { Alert } from '@llamactl/client';
import { useState } from 'react';
import { Banner } from '../../components/banner.tsx';
import { Button } from '../../components/button.tsx';
import { IconButton } from '../../components/icon-button.tsx';
import { ServerSentence } from '../../components/server-sentence.tsx';
import { classNames } from '../../lib/class-names.ts';
import { useWords } from '../../lib/language.ts';
import { useServerWords } from '../../lib/server-words.ts';
import { useAlerts } from '../../lib/live/live-hooks.ts';
import { instancesWords } from '../../words/instances.ts';
import { AlertActions, isActionable } from '../instance/alert-actions.tsx';

/** Alerts that are shown before the rest is folded. */
const MOST = 3;
const keyOf = ({ code, instance, raised_at: time }: Alert): string => `${code}/${instance ?? ''}/${time}`;

/** The alerts that are raised now, newest first, each with a way to act. A hidden one comes back when it is raised again. */
export function AlertList() {
  const words = useWords(instancesWords);
  const alerts = useAlerts();
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const [isOpen, setOpen] = useState(false);
  const shown = (alerts ?? []).filter((alert) => !hidden.has(keyOf(alert))).toReversed();
  if (shown.length === 0) return null;
  const first = isOpen ? shown : shown.slice(0, MOST);
  return (
    <section aria-label={words.alerts} className="max-h-[40%] shrink-0 overflow-y-auto">
      {first.map((alert) => (
        <AlertLine key={keyOf(alert)} alert={alert} onHide={() => setHidden(new Set([...hidden, keyOf(alert)]))} />
      ))}
      {shown.length > first.length && (
        <div className="border-b border-line px-4 py-1 wide:px-6">
          <Button size="small" kind="quiet" onClick={() => setOpen(true)}>
            {words.moreAlerts(shown.length - first.length)}
          </Button>
        </div>
      )}
    </section>
  );
}

function AlertLine({ alert, onHide }: { alert: Alert; onHide: () => void }) {
  const words = useWords(instancesWords);
  const { level, message } = alert;
  const own = useServerWords()?.alert(alert) ?? null;
  const [isOpen, setOpen] = useState(false);
  return (
    <Banner
      kind={level === 'error' ? 'bad' : 'warn'}
      isOneLine={!isOpen}
      actions={
        isActionable(alert) && (
          <span className={classNames('items-center gap-1', isOpen ? 'flex' : 'hidden max-w-[40vw] wide:flex')}>
            <AlertActions alert={alert} isShort />
          </span>
        )
      }
      close={<IconButton icon="cross" label={words.hide} onClick={onHide} />}
    >
      <button
        type="button"
        aria-expanded={isOpen}
        data-tip={isOpen ? undefined : words.showAll}
        onClick={() => setOpen(!isOpen)}
        className={classNames('min-h-7 w-full text-left', isOpen ? 'break-words' : 'truncate')}
      >
        <ServerSentence own={own} words={message} />
      </button>
    </Banner>
  );
}
