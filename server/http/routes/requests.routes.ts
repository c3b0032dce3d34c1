import { ApiError } from '@llamactl/contract/errors';
import { OPERATIONS } from '@llamactl/contract/operations';
import type { ActiveRequest } from '@llamactl/contract/requests';
import type { Caller } from '../../auth/caller.ts';
import { mayCall } from '../../auth/permissions.ts';
import { isCaller } from '../../gateway/finished-requests.ts';
import type { Requests } from '../../gateway/requests.ts';
import { seesCallers } from '../edge/gate.ts';
import type { Bind } from '../operations.ts';

const DEFAULT_FINISHED = 50;

/** A request in flight, as far as the audit trail names it. */
type FoundRequest = Pick<ActiveRequest, 'instance' | 'model' | 'caller'>;

/** The requests to engines, as far as the routes need them. */
export interface RequestsView extends Pick<Requests, 'list' | 'finishedPage' | 'cancel'> {
  /** Finds a request in flight; `null`: no such id. */
  find(id: string): FoundRequest | null;
}

/** Lists requests to engines, in flight and recently finished, and cancels one. */
export function requestRoutes(bind: Bind, requests: RequestsView): void {
  bind(OPERATIONS.listRequests, ({ caller, query, manager }) => {
    const statuses = new Map(manager.list().map(({ name, status }) => [name, status]));
    const isSeen = isVisible(caller, (name) => statuses.has(name));
    const inFlight = requests.list((name) => statuses.get(name) ?? null).filter(isSeen);
    const shown = shownTo(caller);
    // A viewer must not find out the sender of a request by a filter.
    const isOf = (request: ShownRequest): boolean =>
      query.caller === undefined || isCaller(shown(request).caller, query.caller);
    const isFor = ({ instance }: ShownRequest): boolean =>
      query.instance === undefined || instance?.toLowerCase() === query.instance.toLowerCase();
    const filter = {
      beforeSeq: query.before_seq ?? null,
      instance: query.instance ?? null,
      outcome: query.outcome ?? null,
      slowerThan: query.slower_than ?? null,
    };
    const { finished, more } = requests.finishedPage(
      query.finished ?? DEFAULT_FINISHED,
      filter,
      (request) => isSeen(request) && isOf(request),
      seesCallers(caller),
    );
    return {
      in_flight: inFlight.filter((request) => isFor(request) && isOf(request)).map((request) => shown(request)),
      finished: finished.map((request) => shown(request)),
      more,
    };
  });

  bind(OPERATIONS.cancelRequest, ({ caller, params, manager, concerns }) => {
    const { request_id: id } = params;
    const found = requests.find(id);
    const isSeen = isVisible(caller, (name) => manager.idOf(name) !== null);
    const seen = found !== null && isSeen(found) ? found : null;
    if (seen !== null) concerns(targetOf(id, seen));
    if (seen === null || !requests.cancel(id)) {
      throw new ApiError('NOT_FOUND', 'No request in flight has this id. GET /api/requests lists them.');
    }
    return { message: 'Request cancelled successfully' };
  });
}

/**
 * Whether a caller may see a request. Requests for no instance, or for a deleted one, are shown to callers who see all
 * instances.
 */
function isVisible(
  caller: Caller,
  exists: (name: string) => boolean,
): (request: { instance: string | null }) => boolean {
  return ({ instance }) => caller.instances === null || (instance !== null && exists(instance));
}

/** The request with its instance and its caller: its id alone would say nothing once the list has forgotten it. */
function targetOf(id: string, { instance, model, caller }: FoundRequest): string {
  return `${id} (${[instance ?? model, caller].filter((part) => part !== null).join(', ')})`;
}

/** The parts of a request that decide who may see what. */
type ShownRequest = Pick<ActiveRequest, 'caller' | 'instance' | 'user_agent'>;

/** Returns a function that hides the sender of a request from viewers, unless they sent it themselves. */
function shownTo(caller: Caller): <Shown extends ShownRequest>(request: Shown) => Shown {
  const isOperator = mayCall(caller, OPERATIONS.cancelRequest.permission);
  return (request) =>
    isOperator || request.caller === caller.subject ? request : { ...request, caller: null, user_agent: null };
}
