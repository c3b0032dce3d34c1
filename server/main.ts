import path from 'node:path';
import { pino, type Logger } from 'pino';
import { startApp, type App } from './app/app.ts';
import { systemClock } from './clock.ts';
import { inheritedEnvironment, readEnvironment } from './config/env.ts';
import type { LoadedConfig } from './config/load.ts';
import { STANDARD_ERROR, standardErrorLines, timestamps } from './log-lines.ts';
import { checkPlace, inherited, type Inheritance } from './reload/inheritance.ts';
import { reportExit } from './reload/lifeline.ts';
import { descriptorOf, type Listener } from './reload/listener.ts';
import { DOORS } from './reload/door.ts';
import { rehearse } from './reload/rehearsal.ts';
import { Service } from './reload/service.ts';
import { INHERITED, launchSuccessor } from './reload/successor-process.ts';
import { sendSignal } from './send-signal.ts';
import { OwnLog } from './service/own-log.ts';
import { createServiceNotifier, type ServiceNotifier } from './service/service-notifier.ts';
import { assertDatabase } from './store/database-probe.ts';
import { type ServerDescription, readDescription } from './store/server-description.ts';
import { isLockHeld } from './store/lock.ts';
import { assertRoom } from './store/room-probe.ts';
import { createToolRunner } from './supervisor/tool.ts';
import { BUILD_TIME, COMMIT, VERSION } from './version.ts';

export { inherited, isLockHeld, readDescription, type ServerDescription, type Inheritance };

export { BUILD_TIME, VERSION };
export { serviceSearcher } from './doctor/engine-checks.ts';
export type { Finding } from './doctor/finding.ts';
export { examineMachine, type ExaminedMachine } from './doctor/machine-checks.ts';
export { checkClock, checkOpenFiles } from './doctor/process-checks.ts';
export { type BlockedInstance, brokenModelFindings, examined, stateFindings } from './doctor/state-checks.ts';
export { systemdPlaceIn } from './service/systemd-place.ts';
export { passwordFileOf } from './auth/first-admin.ts';
export { foreignRows } from './store/foreign-rows.ts';
export { makePrivateFolder } from './store/private-file.ts';
export { editConfigFile, editNextConfig } from './config/machine-edit.ts';
export { createInspection, type FoundModel, type Inspection } from './inspection.ts';
export { fetchFile, forgetFetch } from './models/downloads/file-fetch.ts';
export { searchModels } from './models/found-files.ts';
export { parseReference } from './models/hub/model-reference.ts';
export { configuredPlaces } from './models/model-places.ts';
export { STARTERS } from './models/starters.ts';
export { readConfig } from './read-config.ts';
export {
  backUp,
  openRestore,
  openSalvage,
  type BackupMade,
  type EngineFate,
  type PreparedRestore,
  type PreparedSalvage,
  type Replacement,
} from './database-recovery.ts';
export type { App, LoadedConfig };

/** The server's place in a chain of reloads. */
export interface ServeAs {
  /** From the server that this one replaces; `null`: this is the first server. */
  inheritance: Inheritance | null;
  /** Returns the command that launches a successor. `cwd`: its working directory; left out: the one of this process. */
  successor: () => { command: string; argv: readonly string[]; cwd?: string };
  /**
   * Called with the pid of a server that has replaced this one. Return true if the service manager watches that process
   * now. Otherwise this process stays until the last of its successors has ended, and passes signals on. Default: it
   * stays.
   */
  onSuccessor?: (pid: number) => boolean | Promise<boolean>;
  /** Called when a reload begins, and when one failed. */
  onChange?: (stage: 'begun' | 'failed') => void;
  /** Called when an engine has first answered a request. */
  onFirstAnswer?: () => void;
}

/** Starts the server in this process. The caller ends it. */
export async function serve(
  loaded: LoadedConfig,
  { log, ownLog }: ServerLogging,
  {
    inheritance,
    successor,
    onSuccessor = () => false,
    onChange = () => undefined,
    onFirstAnswer = () => undefined,
  }: ServeAs,
): Promise<Service<App>> {
  // New files are private to this user: state, logs and keys of engines.
  process.umask(0o077);
  const environment = readEnvironment();
  const { config } = loaded;
  const isFirst = inheritance === null;
  const lifeline = isFirst ? null : INHERITED.lifeline;
  if (inheritance !== null) {
    const { host, port } = config.server;
    checkPlace({ dataDirectory: config.data_dir, address: { host, port } }, inheritance.hello);
  }
  const built = { environment, version: VERSION, buildTime: BUILD_TIME, commit: COMMIT };
  if (inheritance !== null) {
    assertRoom(config.data_dir);
    assertDatabase(config.data_dir);
    const stage = path.join(config.data_dir, 'rehearsal');
    const doors = path.join(config.data_dir, DOORS);
    await rehearse({ stage, doors }, () =>
      startApp({ ...built, loaded: onEmptyStage(loaded, stage), log: SILENT, port: 0 }),
    );
  }
  let service: Service<App> | null = null;
  const reload = (requestedBy: string): boolean => {
    service?.reload(requestedBy);
    return service !== null;
  };
  const dependencies = {
    clock: systemClock(),
    log,
    start: (from: Inheritance | null) =>
      startApp({ ...built, loaded, log, ownLog, inheritance: from, reload, onFirstAnswer }),
    launch: (listener: Listener) =>
      launchSuccessor({ ...successor(), environment, listener: descriptorOf(listener), lifeline }),
    servingPid: () => readDescription(config.data_dir)?.pid ?? null,
    sendSignal,
    reportExit: (code: number) => {
      if (lifeline !== null) reportExit(lifeline, code);
    },
    isFirst,
    onSuccessor,
    onChange,
  };
  service = await Service.open(dependencies, inheritance);
  return service;
}

const SILENT = pino({ level: 'silent' });

/** Returns the same configuration for an empty directory: local only, without accounts and without deliveries of alerts. */
function onEmptyStage({ config, ...rest }: LoadedConfig, directory: string): LoadedConfig {
  const server = { ...config.server, host: '127.0.0.1', base_path: '/' };
  const auth = { ...config.auth, enabled: false };
  return { ...rest, config: { ...config, server, auth, data_dir: directory, alerts: { webhook: '', command: [] } } };
}

/** The server's log, and its last lines. */
export interface ServerLogging {
  log: Logger;
  ownLog: OwnLog;
}

/** Creates the server's log of JSON lines. @param write Receives each line; default: standard error. */
export function serverLog(level: 'debug' | 'info' | 'warn' | 'error', write?: (line: string) => void): ServerLogging {
  const clock = systemClock();
  const ownLog = new OwnLog();
  if (write === undefined) ownLog.readBack(STANDARD_ERROR);
  const copied = (line: string): void => {
    write?.(line);
    ownLog.write(line);
  };
  const destination = write === undefined ? standardErrorLines(clock, ownLog) : { write: copied };
  return { log: pino({ level, base: null, timestamp: timestamps(clock) }, destination), ownLog };
}

/** Creates the notifier that reports the state of the service to the service manager. */
export function serviceNotifier(log: Logger, { isSuccessor }: { isSuccessor: boolean }): ServiceNotifier {
  const environment = readEnvironment();
  const clock = systemClock();
  const runTool = createToolRunner(clock, inheritedEnvironment(environment));
  return createServiceNotifier({ environment, pid: process.pid, isSuccessor, runTool, clock, log });
}
