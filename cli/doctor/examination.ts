import os from 'node:os';
import path from 'node:path';
import { reasonOf } from '@llamactl/contract/reason';
import type { Inspection, LoadedConfig } from '@llamactl/server/main';
import { checkCustomEngines, checkLlamaServer, checkPath, serviceSearcher, type Searcher } from './engine-checks.ts';
import { doubtful, well, wrong, type Finding } from './finding.ts';
import { checkDatabase, checkDataDirectory, checkModels } from './folder-checks.ts';
import { checkGpus } from './gpu-check.ts';
import { checkPortRange, checkServerPort } from './port-checks.ts';
import type { ServerFindings } from './server-checks.ts';
import { checkService, serviceWorld } from './service-check.ts';
import { checkClock, checkContexts, checkOllamaVariables, checkOpenFiles } from './shell-checks.ts';
import { localServer } from '../server/local-server.ts';
import { readableFile } from '../readable-file.ts';

/** Access to everything that the doctor examines. */
export interface Patient {
  /** @throws {Error} with every problem of the configuration, a line each */
  readConfig: () => LoadedConfig;
  inspect: (dataDirectory: string) => Inspection;
  /** @param local The server that holds the data directory; `null`: none does. */
  server: (local: { url: string; file: string } | null) => Promise<ServerFindings>;
  /** Path of the contexts file. */
  contexts: string;
  /** Of our shell. */
  environment: Readonly<Record<string, string | undefined>>;
  /** Build time of this program, RFC 3339. */
  built: string;
  /** Milliseconds since the epoch. */
  now: () => number;
  /** Our user id; `null`: the system has none. */
  uid: number | null;
}

/** The running server, according to its data directory and the system. */
interface RunningServer {
  pid: number;
  /** Its address, and the file with it; `null`: it does not answer yet. */
  address: { url: string; file: string } | null;
  /** Its PATH for engines; `null`: unknown. */
  searcher: Searcher | null;
}

/** Runs all checks, and yields each finding at once. */
export async function* examine(patient: Patient): AsyncGenerator<Finding, void, void> {
  const { findings, config } = configuration(patient);
  yield* findings;
  const running = config === null ? null : runningServer(config.data_dir, patient.inspect(config.data_dir));
  const server = await patient.server(running?.address ?? null);
  if (config !== null) yield* machine(patient, config, { running, server });
  yield* checkOpenFiles(running?.pid ?? null);
  yield checkContexts(patient.contexts);
  yield* checkOllamaVariables(patient.environment);
  yield checkClock(patient.now(), patient.built);
  yield* server.findings;
}

function configuration({ readConfig }: Patient): { findings: Finding[]; config: LoadedConfig['config'] | null } {
  const check = 'configuration';
  try {
    const { config, file, warnings } = readConfig();
    const found = well(check, file ?? 'no file, only defaults');
    return { config, findings: [found, ...warnings.map((warning) => doubtful(check, warning))] };
  } catch (error) {
    const problems = reasonOf(error).split('\n');
    const remedy = 'correct it; llamactl.example.yaml and docs/configuration.md list every key';
    const isLast = (index: number): boolean => index === problems.length - 1;
    const findings = problems.map((problem, index) => wrong(check, problem, ...(isLast(index) ? [remedy] : [])));
    return { config: null, findings };
  }
}

async function* machine(
  { inspect, uid }: Patient,
  { data_dir: data, engines, server: { port }, instances, models }: LoadedConfig['config'],
  { running, server }: { running: RunningServer | null; server: ServerFindings },
): AsyncGenerator<Finding, void, void> {
  const inspection = inspect(data);
  yield* await checkDataDirectory(data, uid, inspection);
  yield checkDatabase(data, inspection);
  const gpus = await inspection.gpus();
  yield checkGpus(gpus);
  const custom = await checkCustomEngines(engines, inspection);
  const { command } = engines.llama_cpp;
  const engine = await checkLlamaServer(engines.llama_cpp, inspection, { gpus, hasOthers: custom.length > 0 });
  yield* engine.findings;
  yield* custom;
  const searcher = running === null ? serviceSearcher() : running.searcher;
  if (engine.file !== null && searcher !== null) {
    yield* await checkPath({ command, file: engine.file }, searcher, inspection);
  }
  yield* await checkService(running?.pid ?? null, serviceWorld(inspection.runTool));
  const optional = [path.join(os.homedir(), 'models'), path.join(data, 'models')];
  yield* checkModels({ named: models.dirs, optional }, await inspection.models(models));
  yield await checkServerPort(port, running?.pid ?? null, inspection);
  yield await checkPortRange(
    instances.port_range,
    new Set([...server.ports, port, ...listenedOn(running)]),
    inspection,
  );
}

/** The port on which the server listens, which may not be the configured one. */
function listenedOn(running: RunningServer | null): number[] {
  const address = running?.address ?? null;
  return address === null ? [] : [Number(new URL(address.url).port)];
}

/**
 * The server of a data directory; `null`: none runs.
 *
 * @param inspection Has the install folders of quickstart, where a server always searches for engines.
 */
function runningServer(
  dataDirectory: string,
  { installFolders }: Pick<Inspection, 'installFolders'>,
): RunningServer | null {
  const server = localServer(dataDirectory);
  if (server === null) return null;
  const { pid, url, file } = server;
  const variables = readableFile(`/proc/${pid}/environ`)?.split('\0') ?? null;
  const searched = variables?.find((variable) => variable.startsWith('PATH='))?.slice('PATH='.length) ?? '';
  const searcher =
    variables === null ? null : { who: 'the running server', path: [searched, ...installFolders].join(':') };
  return { pid, address: url === null ? null : { url, file }, searcher };
}
