import { reasonOf } from '@llamactl/contract/reason';
import type { ExaminedMachine, Finding, Inspection, LoadedConfig } from '@llamactl/server/main';
import { doubtful, well, wrong } from './finding.ts';
import type { ServerFindings } from './server-checks.ts';
import { checkContexts, checkOllamaVariables } from './shell-checks.ts';
import { localServer } from '../server/local-server.ts';
import { readableFile } from '../readable-file.ts';

/** Access to everything that the doctor examines. */
export interface Patient {
  /** @throws {Error} with every problem of the configuration, a line each */
  readConfig: () => LoadedConfig;
  inspect: (dataDirectory: string) => Inspection;
  /** @param local The server that holds the data directory; `null`: none does. */
  server: (local: { pid: number; url: string; file: string } | null) => Promise<ServerFindings>;
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
  address: { pid: number; url: string; file: string } | null;
  /** Its PATH for engines; `null`: unknown. */
  searcher: ExaminedMachine['searcher'];
}

/**
 * Runs all checks, and yields each finding at once. The server runs those of its machine too, for `GET /system/doctor`;
 * only these are about the command line: its contexts, its variables, its clock, and the way to the server.
 */
export async function* examine(patient: Patient): AsyncGenerator<Finding, void, void> {
  const { checkClock, checkOpenFiles, examineMachine, serviceSearcher } = await import('@llamactl/server/main');
  const { findings, config } = configuration(patient);
  yield* findings;
  const running = config === null ? null : runningServer(config.data_dir, patient.inspect(config.data_dir));
  const server = await patient.server(running?.address ?? null);
  const serverPid = running?.pid ?? null;
  if (config === null) yield* checkOpenFiles(null);
  else {
    yield* examineMachine({
      config,
      inspection: patient.inspect(config.data_dir),
      uid: patient.uid,
      serverPid,
      knownPorts: new Set([...server.ports, ...listenedOn(running)]),
      searcher: running === null ? serviceSearcher() : running.searcher,
    });
  }
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
    const remedy = 'Correct it; llamactl.example.yaml and docs/configuration.md list every key';
    const isLast = (index: number): boolean => index === problems.length - 1;
    const findings = problems.map((problem, index) => wrong(check, problem, ...(isLast(index) ? [remedy] : [])));
    return { config: null, findings };
  }
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
  return { pid, address: url === null ? null : { pid, url, file }, searcher };
}
