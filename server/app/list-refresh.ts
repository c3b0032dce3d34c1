import type { Feed } from '../events/feed.ts';
import type { Instances } from '../instances/instances.ts';

export interface ListRefreshParts {
  instances: Pick<Instances, 'lookAtStopped'>;
  feed: Pick<Feed, 'send'>;
}

/**
 * Makes the function to call after each scan of models. It sends clients the changes of lists that have no event: which
 * stopped instances cannot start. Memory is judged after the first scan only, because that reads the header of each model.
 */
export function listRefresh({ instances, feed }: ListRefreshParts): () => void {
  let isFirst = true;
  return () => {
    const depth = isFirst ? 'memory' : 'files';
    isFirst = false;
    void instances.lookAtStopped(depth).then((hasChanged) => {
      if (hasChanged) feed.send({ type: 'instances_refreshed', data: { reason: 'starts' } });
    });
  };
}
