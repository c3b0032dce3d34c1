import { readFileSync, statSync } from 'node:fs';
import { systemClock } from './clock.ts';
import type { LoadedConfig } from './config/load.ts';
import type { StoredInstance } from './instances/ports.ts';
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
  /** Of its instance; `null`: the database has no such instance. */
  name: string | null;
  /** Of the instance. */
  id: string;
  pids: number[];
  /** `goes on`: its run is known, and it is adopted. `ends`: the next start of a server ends it. */
  fate: 'goes on' | 'ends';
}

/** Something that is ready to become the database of a data directory. Nothing was changed yet. */
export interface Replacement<Prepared> {
  prepared: Prepared;
  engines: EngineFate[];
  /**
   * Puts it in place.
   *
   * @returns where what was there is kept; `null`: there was nothing
   */
  apply(): string | null;
  /** Removes what was made ready and gives the data directory back; after `apply`, too. */
  close(): void;
}

/**
 * Writes a backup, also while a server runs. Throws a sentence for people.
 *
 * @param request.file Absolute.
 */
export function backUp(loaded: LoadedConfig, request: { file: string; mayReplace: boolean }): BackupMade {
  const { config, file } = loaded;
  const configuration = file === null ? null : { file, text: readFileSync(file, 'utf8') };
  const directory = config.data_dir;
  return makeBackup({ ...request, directory, now: systemClock().now(), version: VERSION, configuration });
}

/**
 * Makes ready what puts a backup back. Throws a sentence for people, also when a server has the data directory, unless it
 * is only to be looked at.
 *
 * @param request.file Absolute.
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
    () => prepareRestore({ ...request, directory, now }),
    ({ after }) => after,
  );
}

/** The same with what can be read of the damaged database. */
export function openSalvage(
  { config }: LoadedConfig,
  request: { isDryRun: boolean },
): Promise<Replacement<PreparedSalvage>> {
  const directory = config.data_dir;
  const now = systemClock().now();
  return open(
    directory,
    request.isDryRun,
    () => prepareSalvage({ directory, now }),
    ({ instances }) => instances,
  );
}

async function open<Prepared extends PreparedRestore | PreparedSalvage>(
  directory: string,
  isDryRun: boolean,
  prepare: () => Prepared,
  instancesOf: (prepared: Prepared) => readonly StoredInstance[],
): Promise<Replacement<Prepared>> {
  const lock = isDryRun ? null : lockDirectory(directory);
  try {
    if (lock === null && statSync(directory, { throwIfNoEntry: false }) === undefined) {
      throw new Error(`there is no folder ${directory}; without --dry-run it is made`);
    }
    if (lock !== null) sweepDrafts(directory);
    const prepared = prepare();
    // The next server goes by who runs here, whatever the backup says.
    const dataDirId = whereaboutsOf(prepared.dataDirId, directory).here ?? prepared.dataDirId;
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

function lockDirectory(directory: string): Lock {
  const startedAt = new Date(systemClock().now()).toISOString();
  return acquireLock({ directory, pid: process.pid, version: VERSION, startedAt });
}

/** What the next server does with the engines that live now. */
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

/** Else the end of its run is under way, and is brought to an end. */
function isWanted(instance: StoredInstance | undefined): boolean {
  return instance?.state.status === 'starting' || instance?.state.status === 'running';
}
