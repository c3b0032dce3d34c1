import { accessSync, constants } from 'node:fs';
import type { Config } from '@llamactl/contract/config';
import type { Environment } from '../config/env.ts';
import type { Feed } from '../events/feed.ts';
import type { AlertSink } from '../instances/ports/alert-sink.ts';
import type { EventSink } from '../instances/ports/event-sink.ts';
import type { Randomness } from '../instances/ports/random-values.ts';
import type { Clock } from '../instances/ports/time.ts';
import { readSpaceFor } from '../metrics/disk-space.ts';
import { Downloads } from '../models/downloads/downloads.ts';
import type { ModelSource, RemoteModel } from '../models/downloads/model-source.ts';
import { type Transfers, TransferThread } from '../models/downloads/transfer-thread.ts';
import { startTransferWorker } from '../models/downloads/worker-script.ts';
import { modelEndpoints } from '../models/hub/model-endpoints.ts';
import { outgoingVariables } from '../models/hub/outgoing-agents.ts';
import type { ModelLibrary } from '../models/library.ts';
import { originFolder } from '../models/model-places.ts';
import { isOffline, OFFLINE } from '../models/hub/remote-requests.ts';
import type { SqliteStore } from '../store/sqlite.ts';
import type { Teardown } from './teardown.ts';

export interface DownloadingParts {
  config: Config['models'];
  environment: Environment;
  source: ModelSource;
  clock: Clock;
  randomness: Randomness;
  store: Pick<SqliteStore, 'downloads' | 'dataDirId'>;
  events: EventSink;
  feed: Pick<Feed, 'download'>;
  alerts: AlertSink;
  models: Pick<ModelLibrary, 'refresh'>;
  /** The cache for the files of a source, absolute. */
  rootFor: (source: RemoteModel['source']) => string;
  onFault: (error: unknown, what: string) => void;
  teardown: Teardown;
}

const BYTES_IN_MEGABYTE = 1_000_000;

/** Fetches nothing. Files that are there already are checked, and still become part of a model. */
function withoutNetwork(transfers: Transfers): Transfers {
  return {
    run: async () => ({ kind: 'failed', why: OFFLINE }),
    check: (...call) => transfers.check(...call),
    close: () => transfers.close(),
  };
}

/** Opens the stored downloads. They go on after `begin`. */
export async function openDownloads(parts: DownloadingParts): Promise<Downloads> {
  const { config, environment, clock, store, feed, models, teardown } = parts;
  const variables = outgoingVariables(environment);
  const settings = {
    environment: variables,
    bytesPerSecond: config.download_limit_mb * BYTES_IN_MEGABYTE,
    endpoints: Object.values(modelEndpoints(config, environment)).map((address) => new URL(address).origin),
  };
  const transfers = new TransferThread(clock, () => startTransferWorker(settings));
  const downloads = new Downloads({
    ...parts,
    store: store.downloads,
    transfers: isOffline(environment) ? withoutNetwork(transfers) : transfers,
    sendProgress: (progress) => feed.download(progress),
    owner: store.dataDirId,
    freeSpace: async (folder) => (await readSpaceFor(folder)).available,
    findModels: () => models.refresh(),
  });
  await downloads.load();
  return teardown.ending(downloads);
}

/**
 * The caches for downloads, by source. Other sources than the hub have names of their own, which must not meet those of the hub.
 *
 * @param cache For the hub, absolute. @param own Our own folder for models, absolute.
 */
export function downloadRoots(cache: string, own: string): (source: RemoteModel['source']) => string {
  return (source) => (source === 'hub' ? cache : originFolder(own, source));
}

/** Whether our user can write to its home. Users of services often have none. */
export function isOurs(home: string): boolean {
  try {
    accessSync(home, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
