import type { RunFolders } from '../instances/ports/folders.ts';
import type { ListeningPorts } from '../instances/ports/listening-ports.ts';
import type { ProcessIdentity, RunListener, RunReference, Runs } from '../instances/ports/runs.ts';
import type { Clock } from '../instances/ports/time.ts';
import { createContainers, type Container } from './container.ts';
import { createDeathWatcher } from './death.ts';
import { createEngineFinder } from './find-engine-process.ts';
import { createGroupStats } from './group-stats.ts';
import { currentBootId } from './boot-id.ts';
import { inspectRun } from './inspect.ts';
import { createLauncher } from './launcher.ts';
import { leftOpen } from './left-open.ts';
import { readKernelUnits } from './kernel-units.ts';
import { watchMembers } from './members.ts';
import { deadline } from './delays.ts';
import { findOwner, findPortHolder, listeningPorts } from './port-owner.ts';
import { ListenerWitness } from './port-witness.ts';
import { createProcessScan, processesOfRun } from './process-scan.ts';
import { createRunFolders } from './run-folders.ts';
import { createSignals, type SendSignal, type SupervisorLog } from './signals.ts';
import type { WrapperProcess } from './spawn.ts';
import { createStrays } from './strays.ts';
import { superviseRun, type SupervisedRun } from './supervised-run.ts';
import { createToolRunner } from './tool.ts';
import { membersOf, unknownEngine } from './tree.ts';
import { endTree } from './tree-end.ts';
import { createWaker } from './waker.ts';

export interface SupervisorOptions {
  /** Identifier of the data directory; distinguishes its processes from those of other data directories. */
  dataDirId: string;
  /** The few variables that engines inherit. Commands are searched in its `PATH`. */
  inheritedEnvironment: Readonly<Record<string, string>>;
  clock: Clock;
  log: SupervisorLog;
  /** How signals are sent; tests may replace it. Default: `process.kill`. */
  sendSignal?: SendSignal;
}

/** The processes, run folders and listening sockets of this machine. */
export interface Supervisor extends Runs, RunFolders, ListeningPorts {
  /** Stops watching; engines keep running. */
  close(): void;
}

/** Longest wait for the end of processes that a failed launch left. */
const CLEAN_UP_MS = 5_000;

/**
 * Runs engines on this machine. Engines outlive this process, and a later server can find and adopt them.
 *
 * @throws {Error} on systems other than Linux
 */
export function createSupervisor(options: SupervisorOptions): Supervisor {
  const { clock, log, inheritedEnvironment } = options;
  if (process.platform !== 'linux') {
    throw new Error(`llamactl can run engines on Linux only so far, not on ${process.platform}`);
  }
  const bootId = currentBootId();
  const scan = createProcessScan(clock);
  const signals = createSignals(options.sendSignal ?? ((pid, signal) => void process.kill(pid, signal)), log);
  const finder = createEngineFinder(clock, scan, bootId);
  const units = readKernelUnits();
  const deaths = createDeathWatcher({ clock, units, log });
  const groupStats = createGroupStats(units);
  const containers = createContainers({ clock, log, runTool: createToolRunner(clock, inheritedEnvironment) });
  const startWaker = createWaker(inheritedEnvironment, log);
  const shared = { clock, scan, signals, log, finder, deaths, units, bootId, containers, startWaker };
  const strays = createStrays(shared, options.dataDirId);
  const runs = new Map<string, SupervisedRun>();
  const members = watchMembers(shared, runs);
  const folders = createRunFolders(() => [...runs.values()].map(({ run }) => run));
  /** Requested ends of runs whose pid is not known yet. */
  const launching = new Map<string, 'nothing' | 'terminate' | 'kill'>();
  let isClosed = false;

  const launcher = createLauncher({
    ...shared,
    inheritedEnvironment,
    kept: leftOpen(),
    cleanUp: async (run, group) => {
      const tree = { run, identity: unknownEngine(group), known: new Map<number, number>(), lastAliveTicks: null };
      const { isLate, cancel } = deadline(clock, CLEAN_UP_MS);
      const isOver = await endTree(shared, tree, () => undefined, isLate);
      cancel();
      if (!isOver) log.error({ tag: run.tag }, 'A launch failed, and its processes do not end, even by SIGKILL');
    },
  });

  const supervise = (
    run: RunReference,
    identity: ProcessIdentity,
    wrapper: WrapperProcess | null,
    listener: RunListener,
  ): SupervisedRun => {
    const supervised = superviseRun(shared, run, identity, wrapper, listener, () => runs.delete(run.tag));
    runs.set(run.tag, supervised);
    members.expectNew();
    return supervised;
  };
  /**
   * Decides whose port it is when a process outside the tree holds it. A container's runtime may hold the port for the
   * container; the runtime does not start a container whose port is taken.
   */
  const ofContainer = async (container: Container | null): Promise<'foreign' | 'unknown' | 'no-answer'> => {
    const state = await container?.look();
    if (state?.kind === 'unknown') return 'no-answer';
    return state?.kind === 'present' && state.isRunning ? 'unknown' : 'foreign';
  };
  /** Measures a run; logs a failure and returns `null`, so that callers can continue. */
  const measured = <Figures>(run: RunReference, measure: (run: SupervisedRun) => Figures | null): Figures | null => {
    const supervised = runs.get(run.tag);
    if (!supervised) return null;
    try {
      return measure(supervised);
    } catch (error) {
      log.warn({ tag: run.tag, error }, 'A run cannot be measured');
      return null;
    }
  };

  return {
    bootId,
    spawn: async (run, plan, secrets, listener) => {
      if (runs.has(run.tag) || launching.has(run.tag)) throw new Error('This run was spawned already');
      launching.set(run.tag, 'nothing');
      try {
        const { identity, wrapper } = await launcher.launch(run, plan, secrets);
        // closed meanwhile: the engine keeps running, and the next server adopts it
        if (isClosed) return identity;
        const supervised = supervise(run, identity, wrapper, listener);
        const requested = launching.get(run.tag);
        if (requested === 'terminate') supervised.terminate();
        if (requested === 'kill') supervised.kill();
        return identity;
      } finally {
        launching.delete(run.tag);
      }
    },
    inspect: async (run, identity) => {
      const supervised = runs.get(run.tag);
      if (supervised) return { found: 'alive', identity: supervised.identity };
      return inspectRun(shared, run, identity);
    },
    adopt: (run, identity, listener) => {
      if (runs.has(run.tag)) throw new Error('This run is watched already');
      // a server that crashed while the run was frozen may have left it stopped
      supervise(run, identity, null, listener).resume();
    },
    terminate: (run) => {
      if (launching.get(run.tag) === 'nothing') launching.set(run.tag, 'terminate');
      runs.get(run.tag)?.terminate();
    },
    kill: (run) => {
      if (launching.has(run.tag)) launching.set(run.tag, 'kill');
      runs.get(run.tag)?.kill();
    },
    ownsPort: async (run, port) => {
      const supervised = runs.get(run.tag);
      const known = supervised?.members() ?? new Map<number, number>();
      const tree = { run, identity: supervised?.identity ?? null, known, lastAliveTicks: null };
      try {
        const owner = await findOwner(port, supervised?.stat()?.pid ?? null, async () =>
          membersOf((await scan.all()).entries, tree).map(({ pid }) => pid),
        );
        return owner === 'foreign' ? await ofContainer(supervised?.container ?? null) : owner;
      } catch (error) {
        log.warn({ port, error }, 'The owner of a port cannot be determined');
        return 'unknown';
      }
    },
    witness: (run, port) => {
      const supervised = runs.get(run.tag);
      if (supervised === undefined || supervised.container !== null) return null;
      const { pid: engine, group } = supervised.identity;
      return new ListenerWitness(port, {
        engine,
        members: () => supervised.members().keys(),
        search: () => processesOfRun({ tag: run.tag, group }),
      });
    },
    portHolder: (port) => findPortHolder(port, scan),
    occupied: () => listeningPorts() ?? new Set(),
    stats: (run) => measured(run, (supervised) => groupStats.stats(supervised)),
    progress: (run) =>
      measured(run, (supervised) => {
        const progress = groupStats.progress(supervised);
        const isBlind = supervised.container !== null && supervised.container.init() === null;
        return progress !== null && isBlind ? { ...progress, isBlind } : progress;
      }),
    pids: (run) => measured(run, (supervised) => supervised.pids()) ?? [],
    whileFrozen: async (run, step) => (await runs.get(run.tag)?.whileFrozen(step)) ?? false,
    strays: (known) => strays.list(known),
    endStray: (tag) => strays.end(tag),
    ...folders,
    close: () => {
      isClosed = true;
      launcher.close();
      members.close();
      for (const run of runs.values()) run.close();
      runs.clear();
    },
  };
}
