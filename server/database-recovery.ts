import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { systemClock } from './clock.ts';
import type { LoadedConfig } from './config/load.ts';
import type { StoredInstance } from './instances/ports/instance-store.ts';
import { runReferences } from './instances/run-references.ts';
import { currentRun } from './instances/life/transitions.ts';
import { makeBackup, type BackupMade } from './store/backup.ts';
import { acquireLock, type Lock } from './store/lock.ts';
import { prepareRestore, sweepDrafts, type PreparedRestore } from './store/restore.ts';
import { prepareSalvage, type PreparedSalvage } from './store/salvage.ts';
import { createProcessScan } from './supervisor/process-scan.ts';
import { whereaboutsOf } from './supervisor/whereabouts.ts';
import { VERSION } from './version.ts';

export type { BackupMade, PreparedRestore, PreparedSalvage };

/** A living engine of a data directory, and what the next server does with it. */
export interface EngineFate {
  /** Name of its instance; `null`: the database has no such instance. */
  name: string | null;
  /** Id of its instance. */
  id: string;
  pids: number[];
  /** `goes on`: the run is known, and the next server adopts it. `ends`: the next server ends it when it starts. */
  fate: 'goes on' | 'ends';
}

/** A prepared database for a data directory. Nothing was changed yet. */
export interface Replacement<Prepared> {
  prepared: Prepared;
  engines: EngineFate[];
  /**
   * Puts the database in place.
   *
   * @returns path of the previous database, which is kept; `null`: there was no database
   */
  apply(): string | null;
  /** Removes the prepared files and releases the data directory. Call it after `apply`, too. */
  close(): void;
}

/**
 * Writes a backup, also while a server runs. Throws a sentence for people.
 *
 * @param request.file Absolute path.
 */
export function backUp(loaded: LoadedConfig, request: { file: string; mayReplace: boolean }): BackupMade {
  const { config, file } = loaded;
  const configuration = file === null ? null : { file, text: readFileSync(file, 'utf8') };
  const directory = config.data_dir;
  return makeBackup({ ...request, directory, now: systemClock().now(), version: VERSION, configuration });
}

/**
 * Prepares the restore of a backup. Throws a sentence for people, also when a server has the data directory. A dry run
 * is possible even then.
 *
 * @param request.file Absolute path.
 */
export function openRestore(
  { config }: LoadedConfig,
  request: { file: string; withAccounts: boolean; isDryRun: boolean },
): Promise<Replacement<PreparedRestore>> {
  const directory = config.data_dir;
  const now = systemClock().now();
  return open(
    directory,
    request.isDryRun,
    (folder) => prepareRestore({ ...request, directory: folder, now }),
    ({ after }) => after,
  );
}

/** Prepares a database from the readable rows of a damaged one. Throws like {@link openRestore}. */
export function openSalvage(
  { config }: LoadedConfig,
  request: { isDryRun: boolean },
): Promise<Replacement<PreparedSalvage>> {
  const directory = config.data_dir;
  const now = systemClock().now();
  return open(
    directory,
    request.isDryRun,
    (folder) => prepareSalvage({ directory: folder, now }),
    ({ instances }) => instances,
  );
}

async function open<Prepared extends PreparedRestore | PreparedSalvage>(
  directory: string,
  isDryRun: boolean,
  prepare: (folder: string) => Prepared,
  instancesOf: (prepared: Prepared) => readonly StoredInstance[],
): Promise<Replacement<Prepared>> {
  if (statSync(directory, { throwIfNoEntry: false }) === undefined) {
    const rehearsed = rehearse(prepare);
    // A dry run, or a refusal, must not create the folder.
    if (isDryRun) return { prepared: rehearsed, engines: [], apply: () => null, close: () => undefined };
  }
  const lock = isDryRun ? null : lockDirectory(directory);
  try {
    if (lock !== null) sweepDrafts(directory);
    const prepared = prepare(directory);
    // The next server uses the identifier of the engines that run here, whatever the backup contains.
    const dataDirId = whereaboutsOf(prepared.dataDirId, directory).idHere ?? prepared.dataDirId;
    const engines = dataDirId === null ? [] : await fates(directory, dataDirId, instancesOf(prepared));
    const close = (): void => {
      prepared.discard();
      lock?.release();
    };
    return { prepared, engines, apply: () => prepared.apply(), close };
  } catch (error) {
    lock?.release();
    throw error;
  }
}

/** Prepares a database in an empty folder, which does not outlast the call. Throws if the database cannot be prepared. */
function rehearse<Prepared extends PreparedRestore | PreparedSalvage>(prepare: (folder: string) => Prepared): Prepared {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'llamactl-restore-'));
  try {
    return prepare(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function lockDirectory(directory: string): Lock {
  const startedAt = new Date(systemClock().now()).toISOString();
  return acquireLock({ directory, pid: process.pid, version: VERSION, startedAt });
}

/** Determines what the next server does with the engines that live now. */
async function fates(
  directory: string,
  dataDirId: string,
  instances: readonly StoredInstance[],
): Promise<EngineFate[]> {
  const references = runReferences(directory, dataDirId);
  const known = new Map(instances.map((instance) => [instance.record.id, instance]));
  const found = new Map<string, EngineFate>();
  const { entries } = await createProcessScan(systemClock()).all();
  for (const { stat, tag } of entries) {
    const id = tag === null ? null : references.instanceOf(tag);
    if (tag === null || id === null) continue;
    const instance = known.get(id);
    const launch = instance === undefined ? null : (currentRun(instance.state)?.launch ?? null);
    const isKnown = launch !== null && references.of(id, launch).tag === tag;
    const fate = isKnown && isWanted(instance) ? 'goes on' : 'ends';
    const engine = found.get(tag) ?? { name: instance?.record.name ?? null, id, pids: [], fate };
    engine.pids.push(stat.pid);
    found.set(tag, engine);
  }
  return [...found.values()];
}

/** Whether an instance should keep its run. Otherwise the end of the run is under way, and the next server completes it. */
function isWanted(instance: StoredInstance | undefined): boolean {
  return instance?.state.status === 'starting' || instance?.state.status === 'running';
}
