/** The memory that an engine has reported for one run. */
export interface MemoryProjection {
  /** One entry for each device: `ram` and GPUs by the engine's own names, such as `CUDA0`. Bytes. */
  devices: readonly { device: string; weights: number; cache: number; compute: number }[];
}

/** The report of an engine that has settled with which options it starts. */
export interface FittedProjection extends MemoryProjection {
  /** The engine made the context or the layers on GPUs smaller than it would like. */
  isReduced: boolean;
}
