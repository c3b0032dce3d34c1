import type { ActiveRequest } from '@llamactl/contract/requests';
import type { RequestsView } from '../http/routes/requests.routes.ts';
import type { Inheritance } from '../reload/inheritance.ts';

/**
 * The requests of this server, and those that its predecessor still serves.
 *
 * @param link `null`: there is no predecessor.
 */
export function requestsOfBoth(
  own: RequestsView,
  link: Pick<Inheritance['link'], 'requests' | 'cancelRequest'> | null,
): RequestsView {
  if (link === null) return own;
  const find = (id: string): ActiveRequest | null => link.requests().find((request) => request.id === id) ?? null;
  return {
    list: (statusOf) => {
      // It cannot know the states of instances any more.
      const withPhase = (request: ActiveRequest): ActiveRequest => {
        if (request.phase !== 'queued' && request.phase !== 'starting') return request;
        const isUp = request.instance !== null && statusOf(request.instance) === 'running';
        return { ...request, phase: isUp ? 'queued' : 'starting' };
      };
      const all = [...link.requests().map(withPhase), ...own.list(statusOf)];
      return all.toSorted((one, other) => Date.parse(one.started_at) - Date.parse(other.started_at));
    },
    finishedPage: (...page) => own.finishedPage(...page),
    find: (id) => own.find(id) ?? find(id),
    cancel: (id) => {
      if (own.cancel(id)) return true;
      if (find(id) === null) return false;
      link.cancelRequest(id);
      return true;
    },
  };
}
