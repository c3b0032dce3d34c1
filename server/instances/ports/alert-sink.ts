import type { Alert } from '@llamactl/contract/system';

/** Takes alerts, from the domain and from other parts of the server. Methods must not throw and must not wait. */
export interface AlertSink {
  /** Raises an alert, replacing one of the same code and instance. An identical alert changes nothing and sends no event. */
  raise(alert: Omit<Alert, 'raised_at'>): void;
  /** Clears an alert; one that is not raised is ignored. @param instance Name; left out: the alert is about the system. */
  clear(code: string, instance?: string): void;
}

/** Codes of the alerts that the domain raises; docs/operations.md lists them all. */

/** A process did not end on SIGKILL. Cleared when the process has ended. */
export const SURVIVES_KILL = 'process_survives_kill';
/** Changes cannot be stored; cleared by the next change that is stored. */
export const STORE_FAILED = 'store_failed';
/** A process with an instance's tag belongs to no current run; cleared when it has ended. */
export const STRAY_PROCESS = 'stray_process';
/** A start was refused because another program has the port; cleared by `events/instance-alerts.ts` when that is over. */
export const PORT_CLASH = 'port_clash';
/** A run uses the GPUs less than its settings request. Cleared when the run has ended. */
export const GPU_OFFLOAD_SHORT = 'gpu_offload_short';
