import { ApiError } from '@llamactl/contract/errors';
import { openApiDocument } from '@llamactl/contract/openapi';
import { OPERATIONS } from '@llamactl/contract/operations';
import type { Alert, AlertTest } from '@llamactl/contract/system';
import type { Caller } from '../../auth/caller.ts';
import type { InstanceManager } from '../../instances/use-cases.ts';
import type { Readiness } from '../edge/admission.ts';
import type { Bind } from '../operations.ts';
import { jsonAnswer, type Answer } from '../answer.ts';
import { JSON_HEADERS } from '../errors.ts';
import { FixedAnswer } from '../edge/fixed-answer.ts';

/** Version, readiness and alerts of this server. */
export interface SystemVoice {
  version: string;
  /** Called for every request. */
  readiness: () => Readiness;
  /** Current alerts, oldest first. */
  alerts: () => Alert[];
  /** Sends a test alert to the configured receivers. Empty: none is configured. */
  testAlerts: (signal: AbortSignal) => Promise<AlertTest['receivers']>;
  /** Begins to replace the server by a new process; false: it cannot now. @param requestedBy For the log */
  reload: (requestedBy: string) => boolean;
}

/** The probes, the alerts and the description of the API. */
export function systemRoutes(bind: Bind, { version, readiness, alerts, testAlerts, reload }: SystemVoice): void {
  const document = new FixedAnswer(JSON_HEADERS, () => JSON.stringify(openApiDocument(version)));
  bind(OPERATIONS.getOpenApi, async (input) => document.answer(input));

  bind(OPERATIONS.getSystemAlerts, ({ caller, manager }) => {
    return { alerts: alertsFor(caller, manager, alerts()) };
  });
  bind(OPERATIONS.testAlerts, async ({ signal }) => ({ receivers: await testAlerts(signal) }));
  bind(OPERATIONS.reloadSystem, ({ caller }) => {
    if (reload(caller.subject)) return { message: 'Reload initiated' };
    throw new ApiError('SHUTTING_DOWN', 'llamactl cannot be replaced now: it is starting or stopping.');
  });
  bind(OPERATIONS.getLiveness, () => ({ status: 'ok' as const }));
  const answerReadiness = (): Answer<{ status: Readiness }> => {
    const status = readiness();
    return jsonAnswer({ status }, { status: status === 'ok' ? 200 : 503 });
  };
  bind(OPERATIONS.getReadiness, answerReadiness);
  bind(OPERATIONS.getHealth, answerReadiness);
}

/** The alerts that a caller may see. Callers who see all instances also get alerts about deleted ones. */
export function alertsFor(caller: Caller, manager: Pick<InstanceManager, 'idOf'>, alerts: Alert[]): Alert[] {
  if (caller.instances === null) return alerts;
  return alerts.filter(({ instance }) => instance === undefined || manager.idOf(instance) !== null);
}
