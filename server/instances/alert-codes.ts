/** Codes of the alerts that the domain raises; docs/operations.md lists them all. */

/** A process did not end on SIGKILL; cleared when it has. */
export const SURVIVES_KILL = 'process_survives_kill';
/** Changes cannot be stored; cleared by the next change that is stored. */
export const STORE_FAILED = 'store_failed';
/** A process with an instance's tag belongs to no current run; cleared when it has ended. */
export const STRAY_PROCESS = 'stray_process';
/** A start was refused because another program has the port; cleared by `events/instance-alerts.ts` when that is over. */
export const PORT_CLASH = 'port_clash';
/** A run uses the GPUs less than its settings request; cleared when it has ended. */
export const GPU_OFFLOAD_SHORT = 'gpu_offload_short';
