import { Link } from '@tanstack/react-router';
import type { Alert } from '@llamactl/client';
import { Age } from '../../components/age.tsx';
import { Panel } from '../../components/panel.tsx';
import { StatusShape, VerdictMark } from '../../components/status.tsx';
import { useWords } from '../../lib/language.ts';
import { useAlerts } from '../../lib/live/live-hooks.ts';
import { systemWords } from '../../words/system.ts';

/** The alerts that are raised now, newest first. */
export function AlertPanel() {
  const words = useWords(systemWords);
  const alerts = useAlerts() ?? [];
  return (
    <Panel title={words.alerts}>
      {alerts.length === 0 ? (
        <VerdictMark verdict="ok">{words.noAlerts}</VerdictMark>
      ) : (
        <ul className="-my-2 divide-y divide-line">
          {alerts.toReversed().map((alert) => (
            <AlertLine key={`${alert.code} ${alert.instance ?? ''} ${alert.raised_at}`} alert={alert} />
          ))}
        </ul>
      )}
    </Panel>
  );
}

function AlertLine({ alert: { level, message, instance, code, raised_at: since } }: { alert: Alert }) {
  return (
    <li className="flex items-baseline gap-3 py-2">
      <span className={level === 'error' ? 'text-bad' : 'text-warn'}>
        <StatusShape of={level === 'error' ? 'bad' : 'warn'} label={level} />
      </span>
      <span className="min-w-0 grow">
        <span className="block break-words">{message}</span>
        <span className="flex flex-wrap gap-x-3 text-label">
          {instance !== undefined && (
            <Link
              to="/instances/$name"
              params={{ name: instance }}
              className="inline-flex min-h-6 max-w-full min-w-0 items-center text-accent hover:underline"
            >
              <span className="truncate">{instance}</span>
            </Link>
          )}
          <code className="inline-flex min-h-6 items-center text-label text-mute">{code}</code>
        </span>
      </span>
      <span className="figures shrink-0 text-mute">
        <Age of={since} />
      </span>
    </li>
  );
}
