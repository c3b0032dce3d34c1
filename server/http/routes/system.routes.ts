import { openApiDocument } from '@llamactl/contract/openapi';
import { OPERATIONS } from '@llamactl/contract/operations';
import type { Alert } from '@llamactl/contract/system';
import type { Readiness } from '../edge/admission.ts';
import type { Bind, Input } from '../bind.ts';
import { JSON_HEADERS } from '../errors.ts';
import { FixedAnswer } from '../edge/fixed-answer.ts';

/** What llamactl says of itself. */
export interface SystemVoice {
  version: string;
  /** Asked for every request. */
  readiness: () => Readiness;
  /** What is raised now, oldest first. */
  alerts: () => Alert[];
}

/** The probes, the alerts and the description of the API. */
export function systemRoutes(bind: Bind, { version, readiness, alerts }: SystemVoice): void {
  const document = new FixedAnswer(JSON_HEADERS, () => JSON.stringify(openApiDocument(version)));
  bind(OPERATIONS.getOpenApi, async ({ request, reply }) => document.send(request, reply));

  bind(OPERATIONS.getSystemAlerts, ({ caller, manager }) => {
    const isSeen = ({ instance }: Alert): boolean => instance === undefined || manager.idOf(instance) !== null;
    // To whoever sees all instances also what is told of one that is gone.
    return { alerts: caller.instances === null ? alerts() : alerts().filter(isSeen) };
  });
  bind(OPERATIONS.getLiveness, () => ({ status: 'ok' as const }));
  const tellReadiness = ({ reply }: Pick<Input<typeof OPERATIONS.getReadiness>, 'reply'>): { status: Readiness } => {
    const status = readiness();
    reply.code(status === 'ok' ? 200 : 503);
    return { status };
  };
  bind(OPERATIONS.getReadiness, tellReadiness);
  bind(OPERATIONS.getHealth, tellReadiness);
}
