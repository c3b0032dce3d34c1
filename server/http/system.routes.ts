import { openApiDocument } from '@llamactl/contract/openapi';
import { OPERATIONS } from '@llamactl/contract/operations';
import type { Readiness } from './admission.ts';
import type { Bind, Input } from './bind.ts';

/** The probes and the description of the API. */
export function systemRoutes(bind: Bind, version: string, readiness: () => Readiness): void {
  let document: ReturnType<typeof openApiDocument> | undefined;
  bind(OPERATIONS.getOpenApi, () => (document ??= openApiDocument(version)));

  bind(OPERATIONS.getLiveness, () => ({ status: 'ok' as const }));
  const tellReadiness = ({ reply }: Pick<Input<typeof OPERATIONS.getReadiness>, 'reply'>): { status: Readiness } => {
    const status = readiness();
    reply.code(status === 'ok' ? 200 : 503);
    return { status };
  };
  bind(OPERATIONS.getReadiness, tellReadiness);
  bind(OPERATIONS.getHealth, tellReadiness);
}
