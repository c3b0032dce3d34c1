import { openApiDocument } from '@llamactl/contract/openapi';
import { OPERATIONS } from '@llamactl/contract/operations';
import type { Alert } from '@llamactl/contract/system';
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
}

/** The probes, the alerts and the description of the API. */
export function systemRoutes(bind: Bind, { version, readiness, alerts }: SystemVoice): void {
  const document = new FixedAnswer(JSON_HEADERS, () => JSON.stringify(openApiDocument(version)));
  bind(OPERATIONS.getOpenApi, async (input) => document.answer(input));

  bind(OPERATIONS.getSystemAlerts, ({ caller, manager }) => {
    const isSeen = ({ instance }: Alert): boolean => instance === undefined || manager.idOf(instance) !== null;
    // Callers who see all instances also get alerts about deleted ones.
    return { alerts: caller.instances === null ? alerts() : alerts().filter(isSeen) };
  });
  bind(OPERATIONS.getLiveness, () => ({ status: 'ok' as const }));
  const answerReadiness = (): Answer<{ status: Readiness }> => {
    const status = readiness();
    return jsonAnswer({ status }, { status: status === 'ok' ? 200 : 503 });
  };
  bind(OPERATIONS.getReadiness, answerReadiness);
  bind(OPERATIONS.getHealth, answerReadiness);
}
