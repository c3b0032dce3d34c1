import path from 'node:path';
import type { Launch } from './lifecycle.ts';
import type { InstanceRecord, LogReference, RunReference } from './ports.ts';

/** Where runs live on disk and how their processes are marked: all by internal ids, never by a user's name. */
export interface RunReferences {
  of(instance: string, launch: Pick<Launch, 'nonce'>): RunReference;
  /** The folder with everything of an instance. */
  folder(instance: string): string;
  /** The folder that holds the folders of an instance's runs. */
  runs(instance: string): string;
  /** The output of all runs of an instance. */
  log(record: Pick<InstanceRecord, 'id' | 'name'>): LogReference;
  /** The folder that holds the instances' folders. */
  readonly root: string;
  /** The instance's id in a tag of this data directory. */
  instanceOf(tag: string): string | null;
}

export function runReferences(dataDirectory: string, dataDirId: string): RunReferences {
  const root = path.join(dataDirectory, 'instances');
  const folder = (instance: string): string => path.join(root, instance);
  const runs = (instance: string): string => path.join(folder(instance), 'runs');
  return {
    root,
    folder,
    runs,
    log: ({ id, name }) => ({ folder: runs(id), instance: name }),
    of: (instance, { nonce }) => ({
      tag: `${dataDirId}.${instance}.${nonce}`,
      folder: path.join(runs(instance), nonce),
    }),
    instanceOf: (tag) => {
      const [directory, instance] = tag.split('.');
      return directory === dataDirId ? (instance ?? null) : null;
    },
  };
}
