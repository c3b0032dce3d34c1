import path from 'node:path';
import type { Launch } from './life/lifecycle.ts';
import type { InstanceRecord } from './ports/instance-record.ts';
import type { LogReference } from './ports/run-output.ts';
import type { LaunchPlan, RunReference } from './ports/runs.ts';

/** Folders of runs and tags of their processes. Both use internal ids, never names that users choose. */
export interface RunReferences {
  of(instance: string, launch: Pick<Launch, 'nonce'> & Partial<Launch>): RunReference;
  /** The folder with all files of an instance. */
  folder(instance: string): string;
  /** The folder that holds the folders of an instance's runs. */
  runs(instance: string): string;
  /** The output of all runs of an instance. */
  log(record: Pick<InstanceRecord, 'id' | 'name'>): LogReference;
  /** The folder that holds the instances' folders. */
  readonly root: string;
  /** The instance id in a tag; `null`: the tag is of another data directory. */
  instanceOf(tag: string): string | null;
}

/** Folder of all instances within a data directory. */
const FOLDER = 'instances';

export function runReferences(dataDirectory: string, dataDirId: string): RunReferences {
  const root = path.join(dataDirectory, FOLDER);
  const folder = (instance: string): string => path.join(root, instance);
  const runs = (instance: string): string => path.join(folder(instance), 'runs');
  return {
    root,
    folder,
    runs,
    log: ({ id, name }) => ({ folder: runs(id), instance: name }),
    of: (instance, { nonce, plan }) => {
      const tag = `${dataDirId}.${instance}.${nonce}`;
      return { tag, folder: path.join(runs(instance), nonce), ...(plan === undefined ? {} : containerOf(tag, plan)) };
    },
    instanceOf: (tag) => {
      const [directory, instance] = tag.split('.');
      return directory === dataDirId ? (instance ?? null) : null;
    },
  };
}

/** The folders for the contexts of instances. Each is deleted with the folder of its instance. */
export function contextFolders(dataDirectory: string): { root: string; folderOf: (instance: string) => string } {
  const root = path.join(dataDirectory, FOLDER);
  return { root, folderOf: (instance) => path.join(root, instance, 'context') };
}

/** The files for the statistics of instances. Each is deleted with the folder of its instance. */
export function statsFiles(dataDirectory: string): { of: (instance: string) => string } {
  return { of: (instance) => path.join(dataDirectory, FOLDER, instance, 'stats.gz') };
}

/** The run's container, named after the tag: the name is unique and follows from the run alone. */
function containerOf(tag: string, { container, command, environment }: LaunchPlan): Pick<RunReference, 'container'> {
  if (container === undefined) return {};
  const { leading, name } = container;
  return { container: { command, leading, name: name ?? `llamactl-${tag}`, environment } };
}
