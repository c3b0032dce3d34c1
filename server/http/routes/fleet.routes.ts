import type { AuditChange } from '@llamactl/contract/auth';
import { ApiError } from '@llamactl/contract/errors';
import type { FleetAction, FleetStep } from '@llamactl/contract/fleet';
import type { CreateInstance } from '@llamactl/contract/instance';
import { OPERATIONS } from '@llamactl/contract/operations';
import type { ApplyOptions, FleetManager } from '../../instances/use-cases.ts';
import { prefers } from '../bodies/accept.ts';
import { textAnswer } from '../answer.ts';
import type { SlicedWork } from '../../sliced-work.ts';
import type { RecordedChange } from '../recorded-change.ts';
import type { Bind } from '../operations.ts';
import { YAML_TYPES } from '../bodies/body.ts';
import { JSON_HEADERS } from '../errors.ts';
import { YamlLists } from '../bodies/yaml-text.ts';

const COMMENT =
  'instances of llamactl, secrets in `environment` included. To apply it: llamactl apply FILE, or POST /api/apply; see docs/fleet.md.';

/** All instances as one document. */
export function fleetRoutes(bind: Bind, fleet: FleetManager, work: SlicedWork): void {
  const lists = new YamlLists<CreateInstance>();
  bind(OPERATIONS.applyFleet, ({ body, query, caller, signal, changed }) => {
    const { prune = false, dry_run: dryRun = false } = query;
    // A change restarts running instances, and which ones are running is known only when the change is made.
    if (!caller.mayStart && !dryRun) {
      throw new ApiError(
        'FORBIDDEN',
        'This key may not start instances (`may_start` is false), and a change restarts them; dry_run works.',
      );
    }
    const onApplied: ApplyOptions['onApplied'] = (steps, changes) => changed(changesIn(steps, changes));
    return fleet.apply(body, { prune, dryRun, signal, by: caller.subject, onApplied });
  });

  bind(OPERATIONS.exportFleet, async ({ headers, query, signal }) => {
    const document = fleet.export(query.names);
    if (prefers(headers.accept, 'application/json', YAML_TYPES)) return document;
    const { instances, ...head } = document;
    const comment = `${query.names === undefined ? 'All' : 'Some'} ${COMMENT}`;
    const text = await work.run(lists.text(head, 'instances', instances, comment), signal);
    return textAnswer(text, {
      ...JSON_HEADERS,
      'content-type': 'application/yaml; charset=utf-8',
    });
  });
}

/** The operation that makes the same change of one instance; `null`: the step changes nothing. */
const SINGLE: Readonly<Record<FleetAction, string | null>> = {
  create: OPERATIONS.createInstance.id,
  change: OPERATIONS.updateInstance.id,
  restart: OPERATIONS.updateInstance.id,
  remove: OPERATIONS.deleteInstance.id,
  nothing: null,
};

/** The instances that an apply has changed. */
function changesIn(
  steps: readonly FleetStep[],
  changes: ReadonlyMap<string, readonly AuditChange[]>,
): RecordedChange[] {
  return steps.flatMap(({ name: target, action: step, error }) => {
    const action = SINGLE[step];
    return action === null || error !== undefined ? [] : [{ action, target, edits: changes.get(target) }];
  });
}
