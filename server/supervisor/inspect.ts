import type { Inspection, ProcessIdentity, RunReference } from '../instances/ports.ts';
import { concludeRun, type ConclusionDependencies } from './conclude.ts';
import { exitOf } from './exit-status.ts';
import type { EngineFinder } from './find-engine.ts';
import { findAlive } from './identity.ts';
import { deadline } from './pause.ts';
import { unknownEngine, type RunTree } from './tree.ts';
import { BOOT_FILE, readExitFile, readPids, readRunFile } from './wrapper.ts';

export interface InspectDependencies extends ConclusionDependencies {
  finder: EngineFinder;
  bootId: string;
}

/** A boot must not wait longer for processes that hang in the kernel. */
const TREE_PATIENCE_MS = 5_000;

/**
 * What became of a run while nobody watched. A run that is found dead is over in the same sense as one whose listener was
 * told: workers that outlived their engine are ended here, before the answer.
 */
export async function inspectRun(
  dependencies: InspectDependencies,
  run: RunReference,
  identity: ProcessIdentity | null,
): Promise<Inspection> {
  const { clock, finder, bootId, log } = dependencies;
  const bootOfRun = identity?.bootId ?? readRunFile(run.folder, BOOT_FILE)?.trim() ?? bootId;
  const hasTraces = identity !== null || readPids(run.folder) !== null || readExitFile(run.folder) !== null;
  if (bootOfRun !== bootId) {
    const written = readExitFile(run.folder);
    const exit = exitOf(written?.code ?? null, written?.at ?? clock.now());
    return { found: 'dead', exit, spawned: hasTraces, rebooted: true };
  }

  if (readExitFile(run.folder) === null) {
    const alive = identity === null ? await finder.find(run) : findAlive(identity, run.tag, bootId) && identity;
    if (alive !== null) return { found: 'alive', identity: alive };
  }
  const group = identity?.group ?? readPids(run.folder)?.wrapper ?? null;
  const tree: RunTree = {
    run,
    identity: identity ?? (group === null ? null : unknownEngine(group)),
    known: new Map(),
    lastAliveTicks: null,
  };
  let hadProcesses = false;
  const onLeft = (left: readonly unknown[]): void => {
    hadProcesses ||= left.length > 0;
  };
  const { isLate, cancel } = deadline(clock, TREE_PATIENCE_MS);
  const { exit, isOver } = await concludeRun(dependencies, tree, null, onLeft, isLate);
  cancel();
  if (!isOver) log.error({ tag: run.tag }, 'Processes of a run that is dead do not end, even by SIGKILL');
  return { found: 'dead', exit, spawned: hasTraces || hadProcesses, rebooted: false };
}
