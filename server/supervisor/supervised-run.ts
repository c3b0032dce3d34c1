import type { ProcessIdentity, RunListener, RunReference } from '../instances/ports/runs.ts';
import { concludeRun, type ConclusionDependencies } from './conclude.ts';
import type { Container } from './container.ts';
import type { DeathWatcher, EngineWatch } from './death.ts';
import type { ChildEnd } from './exit-status.ts';
import { createFreeze } from './freeze.ts';
import type { ProcessStat } from './process-stat.ts';
import type { WrapperProcess } from './spawn.ts';
import { createStop, type Stop } from './stop.ts';
import { isStillThere } from './tree-end.ts';
import type { StartWaker } from './waker.ts';

/** One watched run, from the moment its pid is known until none of its processes is left. */
export interface SupervisedRun {
  readonly run: RunReference;
  readonly identity: ProcessIdentity;
  /** `null`: the run has no container. */
  readonly container: Container | null;
  /** The engine's process; `null`: dead. */
  stat(): ProcessStat | null;
  terminate(): void;
  kill(): void;
  /** Resumes a stopped engine. */
  resume(): void;
  /** Stops the writers of the run's log while `step` runs; see {@link Freeze}. */
  whileFrozen(step: () => Promise<void>): Promise<boolean>;
  /** Stores the members of the run's group that a scan has found. */
  remember(members: readonly ProcessStat[]): void;
  /** Members of the group except the engine, as last seen: pid to start. */
  members(): ReadonlyMap<number, number>;
  /** Pids of the engine and its workers as last seen, without the wrapper. Empty: the engine is dead. */
  pids(): number[];
  close(): void;
}

export interface SupervisionDependencies extends ConclusionDependencies {
  deaths: DeathWatcher;
  startWaker: StartWaker;
}

/** After SIGKILL a process ends within milliseconds, or hangs in the kernel. */
const SURVIVAL_MS = 5_000;
/** If the engine ends this soon after its wrapper, the same signal ended both. */
const SAME_MOMENT_MS = 100;

/**
 * Watches a run and reports its end.
 *
 * @param wrapper `null`: the run was adopted, so its wrapper is not a child of this process
 * @param onOver called when no process of the run is left, before the listener's `onGone`
 */
export function superviseRun(
  dependencies: SupervisionDependencies,
  run: RunReference,
  identity: ProcessIdentity,
  wrapper: WrapperProcess | null,
  listener: RunListener,
  onOver: () => void,
): SupervisedRun {
  const { clock, log, signals, deaths } = dependencies;
  let members = new Map<number, number>();
  let left: readonly ProcessStat[] = [];
  let leftContainer: string | undefined;
  const container = dependencies.containers(run);
  let isClosed = false;
  let isEngineDead = false;
  let cancelSurvival: (() => void) | null = null;
  let hasOutlivedWrapper = false;

  const notify = (what: string, report: () => void): void => {
    try {
      report();
    } catch (error) {
      log.error({ tag: run.tag, error }, `The listener of a run failed in ${what}`);
    }
  };
  const onKill = (): void => {
    cancelSurvival ??= clock.after(SURVIVAL_MS, () => {
      notify('onSurvives', () => {
        const engine = isEngineDead ? null : watch.stat();
        const pids = (engine === null ? left.filter(isStillThere) : [engine]).map(({ pid }) => pid);
        if (pids.length > 0 || leftContainer !== undefined) listener.onSurvives(pids, leftContainer);
      });
    });
  };
  const wrapperEnd = (): ChildEnd | null => {
    const end = wrapper?.end() ?? null;
    return end !== null && hasOutlivedWrapper ? { code: null, signal: null } : end;
  };
  const finish = async (): Promise<void> => {
    isEngineDead = true;
    stop.cancel();
    const tree = { run, identity, known: members, lastAliveTicks: watch.lastAliveTicks() };
    const { exit, isOver } = await concludeRun(dependencies, tree, wrapper && wrapperEnd, container, {
      onLeft: (processes) => {
        left = processes;
        leftContainer = undefined;
        if (left.length > 0) onKill();
      },
      onContainer: (name) => {
        leftContainer = name;
        onKill();
      },
      isCancelled: () => isClosed,
    });
    if (!isOver) return;
    isClosed = true;
    cancelSurvival?.();
    onOver();
    notify('onGone', () => listener.onGone(exit));
  };

  const watch: EngineWatch = deaths.watch(run, identity, () => void finish());
  const freeze = createFreeze({ ...dependencies, watch }, run, identity);
  const stop: Stop = createStop(
    { clock, log, signals, watch, container, isFrozen: () => freeze.isFrozen(), onKill },
    run,
    identity,
  );
  wrapper?.onEnd(({ signal }) => {
    if (isClosed || isEngineDead) return;
    watch.expectEnd();
    if (signal === null) return;
    // if the wrapper was killed alone, its end says nothing about the engine's later exit
    clock.after(SAME_MOMENT_MS, () => {
      hasOutlivedWrapper = !isEngineDead;
    });
  });

  return {
    run,
    identity,
    container,
    stat: () => watch.stat(),
    terminate: () => stop.terminate(),
    kill: () => stop.kill(),
    resume: () => stop.resume(),
    whileFrozen: (step) => freeze.whileFrozen(step),
    remember: (processes) => {
      members = new Map(processes.filter(({ pid }) => pid !== identity.pid).map((stat) => [stat.pid, stat.startTicks]));
    },
    members: () => members,
    pids: () => {
      const engine = watch.stat();
      if (engine === null) return [];
      return [engine.pid, ...[...members.keys()].filter((pid) => pid !== identity.group)];
    },
    close: () => {
      isClosed = true;
      stop.cancel();
      cancelSurvival?.();
      watch.close();
    },
  };
}
