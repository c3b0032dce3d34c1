import path from 'node:path';
import type { Gpu } from '@llamactl/contract/system';
import { systemClock } from './clock.ts';
import { readEnvironment } from './config/env.ts';
import { engineEnvironment } from './engine-environment.ts';
import { readDiskSpace } from './metrics/disk-space.ts';
import { judgeDiskSpace } from './metrics/disk-watch.ts';
import { createGpus } from './metrics/gpu/gpu.ts';
import { DATABASE, lookAtDatabase, type DatabaseFound } from './store/database.ts';
import { findExecutable } from './supervisor/executable.ts';
import { findPortHolder, listeningPorts, markedPorts } from './supervisor/port-owner.ts';
import { createProcessScan } from './supervisor/process-scan.ts';
import { createToolRunner, type RunTool } from './supervisor/tool.ts';

export type { RunTool };

/** This machine as a server with this data directory would see it, for whoever looks for what is wrong without one. */
export interface Inspection {
  /** PATH on which engines and tools are looked for. */
  searchPath: string;
  /** @throws {Error} a reason for people, when there is no such program that could be run */
  findProgram(command: string, searchPath?: string): Promise<string>;
  runTool: RunTool;
  /** Who listens on a port; `null`: it is free. */
  portHolder(port: number): Promise<{ pid: number | null; description: string } | null>;
  /** Ports on which anybody listens, on any address; `null`: the system does not tell. */
  listeningPorts(): ReadonlySet<number> | null;
  /** Those of them that engines of llamactl have, as far as these are ours to read. */
  enginePorts(): Promise<ReadonlySet<number>>;
  gpus(): Promise<Gpu[]>;
  /** What is left on the filesystem of a folder that exists, in bytes, and how bad that is. */
  disk(folder: string): Promise<{ available: number; level: 'warning' | 'error' | null }>;
  /** What there is of the database of a data directory, see {@link lookAtDatabase}. */
  database(dataDirectory: string): DatabaseFound;
}

/** @param dataDirectory Absolute; need not exist. */
export function createInspection(dataDirectory: string): Inspection {
  const clock = systemClock();
  const environment = engineEnvironment(readEnvironment(), dataDirectory);
  const searchPath = environment['PATH'] ?? '';
  const runTool = createToolRunner(clock, environment);
  const scan = createProcessScan(clock);
  const gpus = createGpus({
    runTool,
    findTool: (command) => findExecutable(command, searchPath).catch(() => null),
    clock,
    // A tool that fails tells of no GPU, which is what is told.
    onFault: () => undefined,
  });
  return {
    searchPath,
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
    database: (folder) => lookAtDatabase(path.join(folder, DATABASE)),
  };
}
