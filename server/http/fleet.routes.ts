import { OPERATIONS } from '@llamactl/contract/operations';
import type { FleetManager } from '../instances/use-cases.ts';
import { prefers } from './accept.ts';
import type { Bind } from './bind.ts';
import { YAML_TYPES } from './body.ts';
import { JSON_HEADERS } from './errors.ts';
import { yamlText } from './yaml-text.ts';

const COMMENT =
  'All instances of llamactl, secrets in `environment` included. Send it back with POST /api/apply; see docs/fleet.md.';

/** All instances as one document. */
export function fleetRoutes(bind: Bind, fleet: FleetManager): void {
  bind(OPERATIONS.applyFleet, ({ body, query, signal }) =>
    fleet.apply(body, { prune: query.prune ?? false, dryRun: query.dry_run ?? false, signal }),
  );

  bind(OPERATIONS.exportFleet, ({ request, reply }) => {
    const document = fleet.export();
    if (prefers(request.headers.accept, 'application/json', YAML_TYPES)) return document;
    const headers = { ...JSON_HEADERS, 'content-type': 'application/yaml; charset=utf-8' };
    return reply.headers(headers).send(yamlText(document, COMMENT));
  });
}
