import type { Inspection, ProcessIdentity, RunReference } from '../instances/ports/runs.ts';
import { concludeRun, type ConclusionDependencies } from './conclude.ts';
import { exitOf } from './exit-status.ts';
import type { EngineFinder } from './find-engine-process.ts';
import { findAlive } from './identity.ts';
import { type ProcessStat } from './process-stat.ts';
import { deadline } from './delays.ts';
import { NEVER_SEEN, unknownEngine, type RunTree } from './tree.ts';
import { BOOT_FILE, readExitFile, readPids, readRunFile } from './wrapper.ts';

export interface InspectDependencies extends ConclusionDependencies {
  finder: EngineFinder;
  bootId: string;
}

/** Longest wait for processes that hang in the kernel, so that they do not delay the server's start further. */
const TREE_PATIENCE_MS = 5_000;

/**
 * Finds out what happened to a run while no server watched it.
 *
 * A run that is found dead is completely over: this function ends workers that outlived their engine. If one of them
 * cannot be ended, the run counts as alive. The server that adopts it learns which process is left, and when that
 * process is gone.
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
    await removeContainer(dependencies, run);
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
  let last: readonly ProcessStat[] = [];
  const { isLate, cancel } = deadline(clock, TREE_PATIENCE_MS);
  const { exit, isOver } = await concludeRun(dependencies, tree, null, dependencies.containers(run), {
    onLeft: (left) => {
      last = left;
      hadProcesses ||= left.length > 0;
    },
    onContainer: () => {
      hadProcesses = true;
    },
    isCancelled: isLate,
  });
  cancel();
  if (!isOver) {
    log.error({ tag: run.tag }, 'Processes of a dead run do not end, even by SIGKILL');
    return { found: 'alive', identity: identity ?? leftover(last, group, bootId) };
  }
  return { found: 'dead', exit, spawned: hasTraces || hadProcesses, rebooted: false };
}

/** Removes a run's container after a reboot: it still holds its name, or the runtime has started it again. */
async function removeContainer({ clock, containers, log }: InspectDependencies, run: RunReference): Promise<void> {
  const container = containers(run);
  if (container === null) return;
  const { isLate, cancel } = deadline(clock, TREE_PATIENCE_MS);
  let isThere = false;
  const isGone = await container.end(() => {
    isThere = true;
  }, isLate);
  cancel();
  if (!isGone && isThere) {
    log.error({ tag: run.tag, container: container.name }, 'A container from before the reboot cannot be removed');
  }
}

/**
 * Makes an identity for a run whose engine was never seen, from the rest of its group. It stands for an ended process.
 */
function leftover(left: readonly ProcessStat[], group: number | null, bootId: string): ProcessIdentity {
  const [first] = left;
  return { pid: first?.pid ?? group ?? 0, startTicks: NEVER_SEEN, bootId, group: group ?? first?.session ?? 0 };
}
