import type { Feed } from '../events/feed.ts';
import type { StartsAlert } from '../events/starts-alert.ts';
import type { Instances } from '../instances/instances.ts';

export interface ListRefreshParts {
  instances: Pick<Instances, 'lookAtStopped'>;
  feed: Pick<Feed, 'send'>;
  startsAlert: Pick<StartsAlert, 'looked'>;
}

/**
 * Makes the function to call after each scan of models. It sends clients the changes of lists that have no event: what is
 * known of models, and which stopped instances cannot start. The alert about these follows. Memory is judged after the
 * first scan only, because each judgement reads the header of a model.
 */
export function listRefresh({ instances, feed, startsAlert }: ListRefreshParts): (hasNews: boolean) => void {
  let isFirst = true;
  return (hasNews) => {
    if (hasNews) feed.send({ type: 'instances_refreshed', data: { reason: 'models' } });
    const depth = isFirst ? 'memory' : 'files';
    isFirst = false;
    void instances.lookAtStopped(depth).then((hasChanged) => {
      startsAlert.looked();
      if (hasChanged) feed.send({ type: 'instances_refreshed', data: { reason: 'starts' } });
    });
  };
}
