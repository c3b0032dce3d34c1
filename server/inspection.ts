import os from 'node:os';
import path from 'node:path';
import type { Config } from '@llamactl/contract/config';
import type { Model } from '@llamactl/contract/model';
import type { Gpu } from '@llamactl/contract/system';
import { systemClock } from './clock.ts';
import { readEnvironment } from './config/env.ts';
import { engineEnvironment, installFolders } from './engine-environment.ts';
import { readDiskSpace } from './metrics/disk-space.ts';
import { judgeDiskSpace } from './metrics/disk-watch.ts';
import { createGpus } from './metrics/gpu/gpu.ts';
import { DATABASE, lookAtDatabase, type DatabaseFound } from './store/database.ts';
import { ModelFileCheck } from './engines/model-file.ts';
import { foundModels } from './models/found-models.ts';
import { configuredPlaces } from './models/model-places.ts';
import { SlicedWork } from './sliced-work.ts';
import { findExecutable } from './supervisor/executable.ts';
import { findPortHolder, listeningPorts, markedPorts } from './supervisor/port-owner.ts';
import { createProcessScan } from './supervisor/process-scan.ts';
import { createToolRunner, type RunTool } from './supervisor/tool.ts';

export type { RunTool };

/** A model of the machine. */
export type FoundModel = Pick<Model, 'name' | 'format' | 'source' | 'path' | 'size' | 'capabilities' | 'problems'>;

/** The machine as a server with this data directory would see it. Used to find faults without a running server. */
export interface Inspection {
  /** PATH for engines and tools. */
  searchPath: string;
  /** The folders of engines that `quickstart` installed. They are the last ones of {@link searchPath}. */
  installFolders: readonly string[];
  /** Finds the path of a program. @throws {Error} a reason for people, when no such program can be run */
  findProgram(command: string, searchPath?: string): Promise<string>;
  runTool: RunTool;
  /** Finds the process that holds a port; `null`: the port is free. */
  portHolder(port: number): Promise<{ pid: number | null; description: string } | null>;
  /** Lists all ports with a listener, on any address; `null`: the system does not show them. */
  listeningPorts(): ReadonlySet<number> | null;
  /** Lists the ports of llamactl's engines, as far as this user may read them. */
  enginePorts(): Promise<ReadonlySet<number>>;
  gpus(): Promise<Gpu[]>;
  /** Returns the free bytes on the filesystem of an existing folder, and whether they are too few. */
  disk(folder: string): Promise<{ available: number; level: 'warning' | 'error' | null }>;
  /** Finds the models that a server with this configuration lists, by name. Reads the beginning of each file. */
  models(config: Config['models']): Promise<readonly FoundModel[]>;
  /** The folder for the downloads of a server with this configuration. Absolute; need not exist. */
  downloadFolder(config: Config['models']): string;
  /** Why llama-server cannot load a model file, in a sentence; `null`: no reason is known. */
  modelProblem(file: string): Promise<string | null>;
  /** Checks the database of a data directory, see {@link lookAtDatabase}. */
  database(dataDirectory: string): Promise<DatabaseFound>;
}

/** @param dataDirectory Absolute; need not exist. */
export function createInspection(dataDirectory: string): Inspection {
  const clock = systemClock();
  const variables = readEnvironment();
  const environment = engineEnvironment(variables, dataDirectory);
  const searchPath = environment['PATH'] ?? '';
  const runTool = createToolRunner(clock, environment);
  const scan = createProcessScan(clock);
  const gpus = createGpus({
    runTool,
    findTool: (command) => findExecutable(command, searchPath).catch(() => null),
    clock,
    // Ignore faults: a tool that fails reports no GPU, and the result shows that.
    onFault: () => undefined,
  });
  const own = path.join(dataDirectory, 'models');
  const user = { environment: variables, home: os.homedir(), platform: process.platform, isHomeOurs: true };
  const placesOf = (config: Config['models']): ReturnType<typeof configuredPlaces> =>
    configuredPlaces(config, { own, ...user });
  return {
    searchPath,
    installFolders: installFolders(variables, dataDirectory),
    findProgram: (command, searched = searchPath) => findExecutable(command, searched),
    runTool,
    portHolder: (port) => findPortHolder(port, scan),
    listeningPorts,
    enginePorts: () => markedPorts(scan),
    gpus: () => gpus.list(),
    disk: async (folder) => {
      const space = await readDiskSpace(folder);
      return { available: space.available, level: judgeDiskSpace(space, null) };
    },
    models: async (config) => foundModels(placesOf(config).places, new SlicedWork(clock)),
    downloadFolder: (config) => placesOf(config).cache,
    modelProblem: (file) => new ModelFileCheck().problem(file),
    database: async (folder) => lookAtDatabase(path.join(folder, DATABASE)),
  };
}
