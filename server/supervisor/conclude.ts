import type { Exit } from '../instances/ports/runs.ts';
import { pause } from '../instances/ports/time.ts';
import type { Container, Containers } from './container.ts';
import { collectExit, exitOf, type ChildEnd } from './exit-status.ts';
import type { ProcessStat } from './process-stat.ts';
import type { KernelUnits } from './kernel-units.ts';
import type { RunTree } from './tree.ts';
import { endTree, type TreeEndDependencies } from './tree-end.ts';
import { readExitFile } from './wrapper.ts';

export interface ConclusionDependencies extends TreeEndDependencies {
  units: KernelUnits;
  containers: Containers;
}

/** Receives reports about what is left of a run. */
export interface LeftListener {
  /** Called after each scan. */
  onLeft: (left: readonly ProcessStat[]) => void;
  /** Called while the run's container exists, or may exist. */
  onContainer: (name: string) => void;
  /** Called before each step. */
  isCancelled: () => boolean;
}

export interface Conclusion {
  exit: Exit;
  /** False: cancelled while something was left. */
  isOver: boolean;
}

/**
 * How long to wait for the exit status before the rest of the tree is killed. The status was measured 1–5 ms after the
 * engine's end.
 */
const PATIENCE_MS = 50;
/**
 * How long to wait for the status after that. On a machine short of CPU the wrapper runs later, and only the wrapper
 * knows the status.
 */
const LAST_PATIENCE_MS = 2_000;
/** Attempts when the system is short of descriptors or memory. */
const TRIES = 20;
const TRY_AGAIN_MS = 250;

/**
 * Finishes a run after its engine died, whatever the cause: learns the exit status, then kills the rest of the tree.
 * Spares the wrapper while it may still report the status. Ends a container first, because only its runtime may be able
 * to kill its processes.
 *
 * @param child how the wrapper ended, if it is a child of this process; `null`: it is not
 * @param container container of the run; `null`: the run has none
 */
export async function concludeRun(
  dependencies: ConclusionDependencies,
  tree: RunTree,
  child: (() => ChildEnd | null) | null,
  container: Container | null,
  { onLeft, onContainer, isCancelled }: LeftListener,
): Promise<Conclusion> {
  const { clock } = dependencies;
  const unknown = (): Exit => exitOf(null, clock.now());
  const learn = (patienceMs: number): Promise<Exit | null> =>
    persistently(dependencies, tree, () => collectExit(dependencies, tree, child, patienceMs));

  let exit = await learn(PATIENCE_MS);
  if (container !== null && !(await container.end(() => onContainer(container.name), isCancelled))) {
    return { exit: exit ?? unknown(), isOver: false };
  }
  if (exit === null) {
    const spared = { ...tree, spared: tree.identity?.group ?? null };
    if (!(await endTree(dependencies, spared, onLeft, isCancelled))) return { exit: unknown(), isOver: false };
    exit = (await learn(LAST_PATIENCE_MS)) ?? unknown();
  }
  const lastAliveTicks = await persistently(dependencies, tree, async () => {
    const uptimeSeconds = readExitFile(tree.run.folder)?.uptimeSeconds ?? null;
    return uptimeSeconds === null ? tree.lastAliveTicks : dependencies.units.ticksOf(uptimeSeconds);
  });
  return { exit, isOver: await endTree(dependencies, { ...tree, lastAliveTicks }, onLeft, isCancelled) };
}

/** Retries `look` while the system is short of resources; `null` when all attempts failed. */
async function persistently<Result>(
  { clock, log }: ConclusionDependencies,
  { run }: RunTree,
  look: () => Promise<Result>,
): Promise<Result | null> {
  for (let tries = 1; tries <= TRIES; tries += 1) {
    try {
      return await look();
    } catch (error) {
      log.error({ tag: run.tag, error }, 'The end of a run cannot be examined; trying again');
      await pause(clock, TRY_AGAIN_MS);
    }
  }
  return null;
}
