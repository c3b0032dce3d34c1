import os from 'node:os';
import path from 'node:path';
import type { Config } from '@llamactl/contract/config';
import type { Inspection } from '../inspection.ts';
import { checkCustomEngines, checkLlamaServer, checkPath, type Searcher } from './engine-checks.ts';
import type { Finding } from './finding.ts';
import { checkDatabase, checkDataDirectory, checkDownloadFolder, checkModels } from './folder-checks.ts';
import { checkGpus } from './gpu-check.ts';
import { checkPortRange, checkServerPort } from './port-checks.ts';
import { checkOpenFiles } from './process-checks.ts';
import { checkService, serviceWorld } from './service-check.ts';

/** A machine with a server, or one that could run it. */
export interface ExaminedMachine {
  config: Pick<Config, 'data_dir' | 'engines' | 'server' | 'instances' | 'models'>;
  inspection: Inspection;
  /** Our user id; `null`: the system has none. */
  uid: number | null;
  /** Pid of the running server; `null`: none runs. */
  serverPid: number | null;
  /** Ports of instances and of the server. */
  knownPorts: ReadonlySet<number>;
  /** Another process that has to find the same engines; `null`: none, or its PATH is unknown. */
  searcher: Searcher | null;
}

/** Checks the machine of a server, and yields each finding at once. Never stops the event loop for more than milliseconds. */
export async function* examineMachine({
  config,
  inspection,
  uid,
  serverPid,
  knownPorts,
  searcher,
}: ExaminedMachine): AsyncGenerator<Finding, void, void> {
  const { data_dir: data, engines, server, instances, models } = config;
  yield* await checkDataDirectory(data, uid, inspection);
  yield await checkDatabase(data, inspection);
  const gpus = await inspection.gpus();
  yield checkGpus(gpus);
  const custom = await checkCustomEngines(engines, inspection);
  const { command } = engines.llama_cpp;
  const engine = await checkLlamaServer(engines.llama_cpp, inspection, { gpus, hasOthers: custom.length > 0 });
  yield* engine.findings;
  yield* custom;
  if (engine.file !== null && searcher !== null) {
    yield* await checkPath({ command, file: engine.file }, searcher, inspection);
  }
  yield* await checkService(serverPid, serviceWorld(inspection.runTool));
  const optional = [path.join(os.homedir(), 'models'), path.join(data, 'models')];
  yield* await checkModels({ named: models.dirs, optional }, await inspection.models({ ...models, dirs: [] }));
  yield* await checkDownloadFolder(inspection.downloadFolder(models), data, inspection);
  yield await checkServerPort(server.port, serverPid, inspection);
  yield await checkPortRange(instances.port_range, new Set([...knownPorts, server.port]), inspection);
  yield* checkOpenFiles(serverPid);
}
