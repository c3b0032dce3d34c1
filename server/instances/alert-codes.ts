/** Codes of the alerts that the domain raises; docs/operations.md lists them all. */

/** A process did not end on SIGKILL; cleared when it has. */
export const SURVIVES_KILL = 'process_survives_kill';
/** What changes cannot be stored; cleared by the next change that is. */
export const STORE_FAILED = 'store_failed';
/** A process that carries an instance's mark belongs to no run that should live; cleared when it has ended. */
export const STRAY_PROCESS = 'stray_process';
/** A start was refused because another program has the port; who watches the instances clears it when that is over. */
export const PORT_CLASH = 'port_clash';
/** A run computes less on GPUs than was asked for; cleared when it has ended. */
export const GPU_OFFLOAD_SHORT = 'gpu_offload_short';
