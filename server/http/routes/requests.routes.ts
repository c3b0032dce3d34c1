import { ApiError } from '@llamactl/contract/errors';
import { OPERATIONS } from '@llamactl/contract/operations';
import type { Caller } from '../../auth/caller.ts';
import { mayCall } from '../../auth/permissions.ts';
import type { Requests } from '../../gateway/requests.ts';
import type { Bind } from '../operations.ts';

const DEFAULT_FINISHED = 50;

/** The requests to engines, as far as the routes need them. */
export type RequestsView = Pick<Requests, 'list' | 'finished' | 'find' | 'cancel'>;

/** Lists requests to engines, in flight and recently finished, and cancels one. */
export function requestRoutes(bind: Bind, requests: RequestsView): void {
  bind(OPERATIONS.listRequests, ({ caller, query, manager }) => {
    const statuses = new Map(manager.list().map(({ name, status }) => [name, status]));
    const isSeen = isFor(caller, (name) => statuses.has(name));
    const inFlight = requests.list((name) => statuses.get(name) ?? null).filter(isSeen);
    const finished = requests.finished().filter(isSeen);
    return {
      in_flight: inFlight.map(shownTo(caller)),
      finished: finished.slice(0, query.finished ?? DEFAULT_FINISHED).map(shownTo(caller)),
    };
  });

  bind(OPERATIONS.cancelRequest, ({ caller, params, manager }) => {
    const { request_id: id } = params;
    const found = requests.find(id);
    const isSeen = isFor(caller, (name) => manager.idOf(name) !== null);
    if (found === null || !isSeen(found) || !requests.cancel(id)) {
      throw new ApiError('NOT_FOUND', 'No request in flight has this id. GET /api/requests lists them.');
    }
    return { message: 'Request cancelled successfully' };
  });
}

/**
 * Whether a caller may see a request. Requests for no instance, or for a deleted one, are shown to callers who see all
 * instances.
 */
function isFor(caller: Caller, exists: (name: string) => boolean): (request: { instance: string | null }) => boolean {
  return ({ instance }) => caller.instances === null || (instance !== null && exists(instance));
}

/** Returns a function that hides the sender of a request from viewers, unless they sent it themselves. */
function shownTo(caller: Caller): <Shown extends { caller: string | null }>(request: Shown) => Shown {
  const isOperator = mayCall(caller, OPERATIONS.cancelRequest.permission);
  return (request) => (isOperator || request.caller === caller.subject ? request : { ...request, caller: null });
}
