import type { Exit } from '../instances/ports.ts';
import type { Container, Containers } from './container.ts';
import { collectExit, exitOf, type ChildEnd } from './exit-status.ts';
import type { ProcessStat } from './identity.ts';
import type { Machine } from './machine.ts';
import { pause } from './pause.ts';
import type { RunTree } from './tree.ts';
import { endTree, type TreeEndDependencies } from './tree-end.ts';
import { readExitFile } from './wrapper.ts';

export interface ConclusionDependencies extends TreeEndDependencies {
  machine: Machine;
  containers: Containers;
}

/** Is told of what is left of a run. */
export interface LeftListener {
  /** After each scan. */
  onLeft: (left: readonly ProcessStat[]) => void;
  /** Its container is there still, or may be. */
  onContainer: (name: string) => void;
  /** Asked before each step. */
  isCancelled: () => boolean;
}

export interface Conclusion {
  exit: Exit;
  /** False when it was cancelled before nothing was left. */
  isOver: boolean;
}

/** From the engine's end to its status in the file: measured 1–5 ms. After that the rest of the tree does not wait. */
const PATIENCE_MS = 50;
/** On a machine that is short of CPU the wrapper gets its turn later; nobody but it knows the status. */
const LAST_PATIENCE_MS = 2_000;
/** When the system is short of descriptors or memory. */
const TRIES = 20;
const TRY_AGAIN_MS = 250;

/**
 * What follows the death of an engine, whoever caused it and whenever it is found: its exit status is learnt, then what is
 * left of its tree is killed. Only the wrapper is spared as long as it may still tell the status. A container goes first:
 * its processes may be nobody's to kill but its runtime's.
 *
 * @param child how the wrapper ended, when it is our own child; `null`: it is not
 * @param container the run's; `null`: it has none
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
    return uptimeSeconds === null ? tree.lastAliveTicks : dependencies.machine.ticksOf(uptimeSeconds);
  });
  return { exit, isOver: await endTree(dependencies, { ...tree, lastAliveTicks }, onLeft, isCancelled) };
}

/** Tries again where the system is short of something; `null` when it stays so. */
async function persistently<Result>(
  { clock, log }: ConclusionDependencies,
  { run }: RunTree,
  look: () => Promise<Result>,
): Promise<Result | null> {
  for (let tries = 1; tries <= TRIES; tries += 1) {
    try {
      return await look();
    } catch (error) {
      log.error({ tag: run.tag, error }, 'The end of a run cannot be looked at; trying again');
      await pause(clock, TRY_AGAIN_MS);
    }
  }
  return null;
}
