import type { Clock, ProcessIdentity, RunReference } from '../instances/ports.ts';
import type { Container } from './container.ts';
import type { EngineWatch } from './death.ts';
import { findWrapper } from './exit-status.ts';
import type { ProcessStat } from './identity.ts';
import type { Signals, SupervisorLog } from './signals.ts';

/**
 * Ends one engine. What is left of its tree afterwards is not its business: that begins when the engine is dead, and goes
 * the same way for engines that ended by themselves.
 */
export interface Stop {
  /** SIGTERM to the group, again after 3 s, SIGKILL to the engine after 2 s more. */
  terminate(): void;
  /** SIGKILL to the engine now. The group follows when its wrapper had time to write the exit status. */
  kill(): void;
  /** SIGCONT to the group if the engine is stopped. */
  resume(): void;
  /** The engine is dead, or nobody watches any more. */
  cancel(): void;
}

export interface StopDependencies {
  clock: Clock;
  log: SupervisorLog;
  signals: Signals;
  watch: EngineWatch;
  /** What the engine runs in, if it is not the process that was launched. */
  container: Container | null;
  /** Somebody holds it still and will wake it within milliseconds; signals wait so long. */
  isFrozen(): boolean;
  /** SIGKILL is on its way. */
  onKill(): void;
}

const SECOND_TERM_MS = 3_000;
const KILL_MS = 2_000;
/** A runtime needs so long to kill what would not stop in time, and to tell its client how it ended. */
const RUNTIME_MS = 1_000;
/** When the system is short of descriptors or memory. */
const TRY_AGAIN_MS = 100;

export function createStop(dependencies: StopDependencies, run: RunReference, identity: ProcessIdentity): Stop {
  const { clock, log, signals, watch, container } = dependencies;
  /** Its runtime takes its time, or has said that it cannot: there is no such container yet. */
  let containerStop: 'not asked' | 'asked' | 'refused' = 'not asked';
  let phase: 'none' | 'terminating' | 'killing' | 'over' = 'none';
  let cancelTimer: (() => void) | null = null;

  const later = (milliseconds: number, step: () => void): void => {
    cancelTimer = clock.after(milliseconds, () => surely(step));
  };
  /** A step may fail where nothing can be looked at; it must not be lost. */
  const surely = (step: () => void): void => {
    try {
      step();
    } catch (error) {
      log.error({ tag: run.tag, error }, 'An engine cannot be signalled; trying again');
      later(TRY_AGAIN_MS, step);
    }
  };
  /** The group, and the engine by itself when it left the group. */
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
    // it would sleep over the signal
    wake(engine);
  };
  /** Its client ends with it. A client that is signalled too would pass that on: to llama-server, two mean at once. */
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
    // its client would take the news of its end to the grave
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
          // to llama-server a second one means: at once (6 ms, with a stream open too)
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
