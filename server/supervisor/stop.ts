import type { ProcessIdentity, RunReference } from '../instances/ports/runs.ts';
import type { Clock } from '../instances/ports/time.ts';
import type { Container } from './container.ts';
import type { EngineWatch } from './death.ts';
import { findWrapper } from './exit-status.ts';
import type { ProcessStat } from './process-stat.ts';
import type { Signals, SupervisorLog } from './signals.ts';

/**
 * Ends one engine, not the rest of the process tree: that is ended after the engine's death, as for engines that exit
 * on their own.
 */
export interface Stop {
  /** Sends SIGTERM to the group, again after 3 s, and SIGKILL to the engine 2 s later. */
  terminate(): void;
  /** Sends SIGKILL to the engine now. The group follows after its wrapper had time to write the exit status. */
  kill(): void;
  /** Sends SIGCONT to the group if the engine is stopped. */
  resume(): void;
  /** Ends the attempts: the engine is dead, or is no longer watched. */
  cancel(): void;
}

export interface StopDependencies {
  clock: Clock;
  log: SupervisorLog;
  signals: Signals;
  watch: EngineWatch;
  /** The engine's container; `null`: the engine is the launched process itself. */
  container: Container | null;
  /**
   * Whether the run is frozen, see {@link Freeze}. It resumes within milliseconds; until then this class sends it no
   * SIGCONT.
   */
  isFrozen(): boolean;
  /** Called after SIGKILL was sent. */
  onKill(): void;
}

const SECOND_TERM_MS = 3_000;
const KILL_MS = 2_000;
/** Time a runtime needs to kill a container that did not stop in time, and to report the exit to its client. */
const RUNTIME_MS = 1_000;
/** Retry delay when the system is short of descriptors or memory. */
const TRY_AGAIN_MS = 100;

export function createStop(dependencies: StopDependencies, run: RunReference, identity: ProcessIdentity): Stop {
  const { clock, log, signals, watch, container } = dependencies;
  /** Whether the runtime was asked to stop the container. `refused`: it could not, as when the container does not exist yet. */
  let containerStop: 'not asked' | 'asked' | 'refused' = 'not asked';
  let phase: 'none' | 'terminating' | 'killing' | 'over' = 'none';
  let cancelTimer: (() => void) | null = null;

  const later = (milliseconds: number, step: () => void): void => {
    cancelTimer = clock.after(milliseconds, () => surely(step));
  };
  /** Runs a step; if it fails because /proc cannot be read, retries it later. */
  const surely = (step: () => void): void => {
    try {
      step();
    } catch (error) {
      log.error({ tag: run.tag, error }, 'An engine cannot be signalled; trying again');
      later(TRY_AGAIN_MS, step);
    }
  };
  /** Signals the group, and the engine itself if it left the group. */
  const signalAll = (engine: ProcessStat, signal: NodeJS.Signals): void => {
    if (engine.group === identity.group) return signals.group(identity.group, engine, signal);
    signals.process(engine.pid, engine.startTicks, signal);
    const wrapper = findWrapper(identity.group, run.tag);
    if (wrapper !== null) signals.group(identity.group, wrapper, signal);
  };
  const wake = (engine: ProcessStat): void => {
    if (dependencies.isFrozen()) return;
    if (isStopped(engine) || isStopped(findWrapper(identity.group, run.tag))) signalAll(engine, 'SIGCONT');
  };
  const term = (): void => {
    watch.expectEnd();
    const engine = watch.stat();
    if (engine === null) return;
    if (container === null || containerStop === 'refused') signalAll(engine, 'SIGTERM');
    else if (containerStop === 'not asked') stopContainer(container);
    // a stopped process handles the signal only after SIGCONT
    wake(engine);
  };
  /**
   * Stops only the container; its client ends with it. The client would pass on a SIGTERM as a second one, at which
   * llama-server exits at once.
   */
  const stopContainer = (asked: Container): void => {
    containerStop = 'asked';
    void asked.stop((SECOND_TERM_MS + KILL_MS) / 1_000).then((isStopped) => {
      if (isStopped) return watch.expectEnd();
      containerStop = 'refused';
      if (phase === 'terminating') surely(term);
    });
  };
  const kill = (): void => {
    const engine = watch.stat();
    // kill the container too: a killed client cannot report its end
    void container?.kill();
    if (engine !== null) signals.process(engine.pid, engine.startTicks, 'SIGKILL');
    dependencies.onKill();
    watch.expectEnd();
  };
  const beginKill = (): void => {
    if (phase === 'killing' || phase === 'over') return;
    phase = 'killing';
    cancelTimer?.();
    surely(kill);
  };

  return {
    terminate: () => {
      if (phase !== 'none') return;
      phase = 'terminating';
      surely(() => {
        term();
        later(SECOND_TERM_MS, () => {
          // at a second SIGTERM llama-server exits at once (6 ms, even with an open stream)
          term();
          later(container === null ? KILL_MS : KILL_MS + RUNTIME_MS, beginKill);
        });
      });
    },
    kill: beginKill,
    resume: () =>
      surely(() => {
        const engine = watch.stat();
        if (engine !== null) wake(engine);
      }),
    cancel: () => {
      phase = 'over';
      cancelTimer?.();
    },
  };
}

function isStopped(stat: ProcessStat | null): boolean {
  return stat?.state === 'T';
}
