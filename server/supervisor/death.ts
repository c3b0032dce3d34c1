import { codeOf } from '@llamactl/contract/reason';
import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { Socket } from 'node:net';
import path from 'node:path';
import type { ProcessIdentity, RunReference } from '../instances/ports/runs.ts';
import type { Clock } from '../instances/ports/time.ts';
import { isDead, parseStat, type ProcessStat } from './process-stat.ts';
import type { KernelUnits } from './kernel-units.ts';
import { growingDelays } from './delays.ts';
import { rereadProc } from './proc-file.ts';
import type { SupervisorLog } from './signals.ts';
import { FIFO_FILE } from './wrapper.ts';

/**
 * Watches one engine for its death, whether this server launched or adopted it.
 *
 * Two hints trigger a check, but prove nothing. The FIFO that the engine inherits closes 0.5 ms after the engine's end;
 * but an engine may close it earlier, and a worker may keep it open longer. Or the wrapper exits; but it may have been
 * killed alone.
 *
 * The proof is `/proc/PID/stat`, read through a descriptor held since the engine was identified: it never shows a later
 * process of the same pid. A slow sweep over all engines catches lost hints.
 */
export interface EngineWatch {
  /** `null`: the engine is dead. */
  stat(): ProcessStat | null;
  /** When the engine was last seen alive, in clock ticks after the boot; `null`: never. */
  lastAliveTicks(): number | null;
  /** Checks the engine now, and often for two seconds. */
  expectEnd(): void;
  /** Stops watching; `onDead` is not called afterwards. */
  close(): void;
}

export interface DeathWatcher {
  /** @param onDead called once, never before `watch` has returned */
  watch(run: RunReference, identity: ProcessIdentity, onDead: () => void): EngineWatch;
}

/** Interval of the sweep: the longest delay of a death when every hint is lost. A sweep over 100 engines takes 1 ms. */
const SWEEP_MS = 1_000;
const LONGEST_LOOK_MS = 50;
/** Checks after a hint. A large engine closes its FIFO long before the kernel has released all of it. */
const LOOKS_AFTER_HINT = 45;

export interface DeathDependencies {
  clock: Clock;
  units: KernelUnits;
  log: SupervisorLog;
}

export function createDeathWatcher({ clock, units, log }: DeathDependencies): DeathWatcher {
  const watched = new Set<EngineProcess>();
  let isSweeping = false;

  const sweep = (): void => {
    isSweeping = watched.size > 0;
    if (!isSweeping) return;
    clock.after(SWEEP_MS, () => {
      for (const one of watched) one.look();
      sweep();
    });
  };

  return {
    watch: (run, identity, onDead) => {
      const engine = new EngineProcess(run, identity, { clock, units, log }, () => {
        watched.delete(engine);
        clock.nextTurn(() => {
          if (!engine.isClosed) onDead();
        });
      });
      watched.add(engine);
      engine.start();
      if (!isSweeping) sweep();
      return {
        stat: () => engine.stat(),
        lastAliveTicks: () => engine.lastAliveTicks,
        expectEnd: () => engine.expectEnd(),
        close: () => {
          watched.delete(engine);
          engine.close();
        },
      };
    },
  };
}

class EngineProcess {
  isClosed = false;
  lastAliveTicks: number | null = null;
  #isDead = false;
  #descriptor: number | null = null;
  #pipe: Socket | null = null;
  #cancelLook: (() => void) | null = null;
  readonly #run: RunReference;
  readonly #identity: ProcessIdentity;
  readonly #clock: Clock;
  readonly #units: KernelUnits;
  readonly #log: SupervisorLog;
  readonly #report: () => void;

  constructor(run: RunReference, identity: ProcessIdentity, dependencies: DeathDependencies, report: () => void) {
    this.#run = run;
    this.#identity = identity;
    this.#clock = dependencies.clock;
    this.#units = dependencies.units;
    this.#log = dependencies.log;
    this.#report = report;
  }

  start(): void {
    this.#openPipe();
    // check after opening the FIFO: if no writer is left, the FIFO would never close
    this.expectEnd();
  }

  stat(): ProcessStat | null {
    if (this.#isDead || this.isClosed) return null;
    // read the time first: it must not be later than the process's end
    const now = this.#units.nowTicks();
    const stat = this.#read();
    if (stat === null || stat.startTicks !== this.#identity.startTicks || isDead(stat)) return null;
    this.lastAliveTicks = now;
    return stat;
  }

  look(): void {
    if (this.#isDead || this.isClosed) return;
    try {
      if (this.stat() !== null) return;
    } catch (error) {
      // short of descriptors or memory, which is no sign of death
      this.#log.error({ tag: this.#run.tag, error }, 'An engine cannot be checked; trying again');
      return;
    }
    this.#isDead = true;
    this.#release();
    this.#report();
  }

  expectEnd(): void {
    this.#cancelLook?.();
    const delays = growingDelays(LONGEST_LOOK_MS);
    let looks = LOOKS_AFTER_HINT;
    const lookAgain = (): void => {
      this.#cancelLook = null;
      this.look();
      looks -= 1;
      if (this.#isDead || this.isClosed || looks === 0) return;
      this.#cancelLook = this.#clock.after(delays.next().value, lookAgain);
    };
    lookAgain();
  }

  close(): void {
    this.isClosed = true;
    this.#release();
  }

  #read(): ProcessStat | null {
    this.#descriptor ??= openStat(this.#identity.pid);
    if (this.#descriptor === null) return null;
    const read = rereadProc(this.#descriptor);
    return read instanceof Buffer ? parseStat(read.toString('latin1')) : null;
  }

  /** Opens the FIFO. If it is missing (it could not be made, or the folder is gone), the other hints and the sweep remain. */
  #openPipe(): void {
    let descriptor: number | null = null;
    try {
      descriptor = openSync(path.join(this.#run.folder, FIFO_FILE), constants.O_RDONLY | constants.O_NONBLOCK);
      if (!fstatSync(descriptor).isFIFO()) {
        closeSync(descriptor);
        return;
      }
      this.#pipe = new Socket({ fd: descriptor, readable: true, writable: false });
    } catch (error) {
      if (descriptor !== null) closeSync(descriptor);
      if (codeOf(error) !== 'ENOENT') {
        this.#log.warn({ tag: this.#run.tag, error }, 'The FIFO of a run cannot be opened; its end is detected later');
      }
      return;
    }
    this.#pipe.unref();
    this.#pipe.on('error', (error) =>
      this.#log.warn({ tag: this.#run.tag, error }, 'The FIFO of a run cannot be read'),
    );
    this.#pipe.on('close', () => {
      if (!this.#isDead && !this.isClosed) this.expectEnd();
    });
    // drop what an engine writes to the FIFO, so that it does not block
    this.#pipe.resume();
  }

  #release(): void {
    this.#cancelLook?.();
    this.#cancelLook = null;
    this.#pipe?.destroy();
    this.#pipe = null;
    if (this.#descriptor !== null) closeSync(this.#descriptor);
    this.#descriptor = null;
  }
}

function openStat(pid: number): number | null {
  try {
    return openSync(`/proc/${pid}/stat`, constants.O_RDONLY);
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT' || code === 'ESRCH') return null;
    throw error;
  }
}
