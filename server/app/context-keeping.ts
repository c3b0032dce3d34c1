import type { Config } from '@llamactl/contract/config';
import type { Logger } from 'pino';
import { createTextReader } from '../engines/endpoint.ts';
import { KeptContexts } from '../engines/kept-contexts.ts';
import type { FindProgram } from '../engines/engine-ports.ts';
import { contextFolders } from '../instances/run-references.ts';
import { readDiskSpace } from '../metrics/disk-space.ts';
import type { Clock } from '../instances/ports/time.ts';
import { megabytes } from './engine-logs.ts';
import type { Teardown } from './teardown.ts';

/** Dependencies of kept contexts. */
interface ContextParts {
  config: Config['contexts'];
  dataDirectory: string;
  clock: Clock;
  findProgram: FindProgram;
  searchPath: string;
  log: Logger;
  teardown: Teardown;
}

/** Creates the keeper of contexts. */
export function keepContexts({ config, dataDirectory, clock, teardown, ...rest }: ContextParts): KeptContexts {
  const { root, folderOf } = contextFolders(dataDirectory);
  const maxTotalBytes = megabytes(config.max_total_mb);
  const freeBytes = async (folder: string): Promise<number> => (await readDiskSpace(folder)).available;
  const readText = createTextReader({ clock });
  const contexts = new KeptContexts({ ...rest, clock, root, folderOf, maxTotalBytes, readText, freeBytes });
  // A hand-over does not wait: requests would wait with it.
  teardown.add((isHandingOver) => (isHandingOver ? undefined : contexts.settled()));
  return contexts;
}
