import type { OptionValue } from '@llamactl/contract/instance';
import type { FittedProjection } from './memory-projection.ts';
import type { LaunchPlan } from './runs.ts';

/** The memory of one device. */
export interface DeviceMemory {
  /** `ram` or `VENDOR:NUMBER`, as in estimates. */
  device: string;
  /** Its UUID and those of its MIG devices, by which variables may name it; absent: unknown. */
  ids?: readonly string[];
  /** Bytes; of RAM: the share that a container or unit may use. */
  total: number;
  /** Bytes that no program can get any more; `null`: the system does not say. */
  used: number | null;
  /** Bytes to which the system can move what does not fit, for RAM; `null`: it does not say. */
  swap: number | null;
}

/** Measures the memory of this machine. */
export interface MemoryMeter {
  /** RAM comes first. Never rejects. Waits at most a few seconds for the tools of GPUs. */
  read(): Promise<readonly DeviceMemory[]>;
}

/** Memory that a launch may use on one device; bytes. */
export interface DeviceRoom {
  device: string;
  /** As of {@link DeviceMemory}. */
  ids?: readonly string[];
  total: number;
  free: number;
  /** The configuration limits it. An engine that chooses its own size does not know that. */
  isLimited?: true;
}

/** Bytes that a launch needs on one device. */
export interface DeviceNeed {
  device: string;
  /** Everything, with a margin. */
  whole: number;
  /** The part of `whole` that an earlier run took later, and without which the engine starts; absent: none. */
  surplus?: number;
  /** The part that shows as used while the engine runs, with a margin. Mapped weights do not. */
  resident: number;
  /** Without this the engine cannot run: no margin, and no weights that the system may drop and read again. */
  least: number;
}

/**
 * Where a need is from. `measured`: what an earlier run used; `projected`: what the engine reported; `estimated`: the files
 * alone, which may be too much for rare kinds of models.
 */
export type NeedSource = 'measured' | 'projected' | 'estimated';

/** The memory of a run. */
export interface RunNeed {
  /** Empty: unknown. */
  devices: readonly DeviceNeed[];
  source: NeedSource;
  /** The engine makes itself smaller until a reserve of its own stays free; absent: its size is given. */
  fills?: true;
}

/** The memory that a launch needs. */
export interface LaunchNeed extends RunNeed {
  /** Most that the engine takes, if that is free. It makes itself smaller, but not below `devices`; absent: it takes `devices`. */
  upTo?: RunNeed;
  /** The engine will report its memory before it reads weights; absent: it may not. */
  reports?: true;
  /** Options with which the launch would fit alone; empty if it fits as it is. */
  suggestions: readonly LaunchSuggestion[];
  /** Ways to place the launch, of which any will do, the best first; absent: only as the engine places itself. */
  places?: readonly LaunchPlace[];
}

/** Where a launch may run: on one GPU, or on all that the engine sees. */
export interface LaunchPlace {
  /** The only GPU that the engine gets; `null`: all that it sees. */
  gpu: string | null;
  /** Variables that hide the other GPUs from the engine. */
  variables: Readonly<Record<string, string>>;
  need: LaunchNeed;
}

/** Other options of a launch, with which it fits. */
export interface LaunchSuggestion {
  /** For people: `a context of 8192 tokens`. */
  label: string;
  options: Readonly<Record<string, OptionValue>>;
}

/** Computes the memory that launches need, and remembers what earlier ones used. */
export interface LaunchNeeds {
  /**
   * `null`: unknown, because of the engine or a file that cannot be read. Waits for reads of the disk.
   *
   * @param now The room beside all runs of now, RAM first.
   * @param alone The room without them.
   */
  of(
    launch: { engine: string; plan: LaunchPlan },
    now: readonly DeviceRoom[],
    alone: readonly DeviceRoom[],
  ): Promise<LaunchNeed | null>;
  /** The need that an engine has reported itself. Remembers it for launches of the same files with the same options. */
  projected(
    launch: { engine: string; plan: LaunchPlan },
    reported: FittedProjection,
    alone: readonly DeviceRoom[],
  ): Promise<LaunchNeed | null>;
  /** Remembers what a run used. A need never becomes smaller by it: an engine may not yet have used all that it has. */
  used(
    launch: { engine: string; plan: LaunchPlan },
    use: { ram: number; gpus: number | null },
    alone: readonly DeviceRoom[],
  ): Promise<void>;
}
