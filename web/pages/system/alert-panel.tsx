import type { Alert } from '@llamactl/client';
import { Age } from '../../components/age.tsx';
import { Panel } from '../../components/panel.tsx';
import { VerdictMark } from '../../components/status.tsx';
import { useWords } from '../../lib/language.ts';
import { useAlerts } from '../../lib/live/live-hooks.ts';
import { systemWords } from '../../words/system.ts';
import { AlertActions, isActionable } from '../instance/alert-actions.tsx';
import { AlertLine } from './alert-line.tsx';

/** Alerts with buttons: each asks for an explanation. */
const MOST_WITH_ACTIONS = 5;

/** The alerts that are raised now, newest first, each with what helps. */
export function AlertPanel() {
  const words = useWords(systemWords);
  const alerts = useAlerts() ?? [];
  return (
    <Panel title={words.alerts}>
      {alerts.length === 0 ? (
        <VerdictMark verdict="ok">{words.noAlerts}</VerdictMark>
      ) : (
        <ul className="-my-2 divide-y divide-line">
          {alerts.toReversed().map((alert, at) => (
            <PresentAlert
              key={`${alert.code} ${alert.instance ?? ''} ${alert.raised_at}`}
              alert={alert}
              hasActions={at < MOST_WITH_ACTIONS}
            />
          ))}
        </ul>
      )}
    </Panel>
  );
}

function PresentAlert({ alert, hasActions }: { alert: Alert; hasActions: boolean }) {
  const { level, raised_at: since } = alert;
  return (
    <AlertLine
      alert={alert}
      verdict={level === 'error' ? 'bad' : 'warn'}
      time={<Age of={since} />}
      actions={hasActions && isActionable(alert) && <AlertActions alert={alert} />}
    />
  );
}
