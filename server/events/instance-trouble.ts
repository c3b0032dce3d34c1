import type { Status } from '@llamactl/contract/instance';

/** Decides which alerts a change of an instance's status raises or clears. Pure functions. */

/** A change of status, with the instance's data at that moment. */
export interface StatusChange {
  name: string;
  status: Status;
  /** Why the instance failed or restarts. */
  reason: string | null;
  port: number;
  /** Whether a request starts the instance. */
  onDemand: boolean;
  /** Whether requests try again to start an instance that has failed, with the settings of that failure. */
  isRetried: boolean;
  /** Restarts in a row by the restart policy. */
  restarts: number;
}

/** A message raises the alert, `null` clears it, `undefined` leaves it unchanged. */
export type Verdict = string | null | undefined;

/** The third backoff in a row: two restarts with the same settings have failed by then. */
export const CRASH_LOOP_RESTARTS = 3;

/** States between a start and its outcome. */
export const GOES_ON: ReadonlySet<Status> = new Set(['starting', 'restarting', 'stopping']);

const PREFIX = /^(?:backoff after|gave up after \d+ restarts? in a row): /;
const GAVE_UP = /^gave up after \d+ restarts? in a row/;
const RANGE_TAKEN = /\bevery port of instances\.port_range is in use\b/;
/** Messages of llamactl, of llama-server and of the system. */
const PORT_TAKEN = /\bport \d+ is in use\b|\bis the port in use\?|\bEADDRINUSE\b|\baddress (?:is )?already in use\b/i;
/**
 * Messages of CUDA, ROCm, Vulkan, Metal, PyTorch and llama-server. When main memory runs out, their messages name no
 * device.
 */
const GPU_MEMORY =
  /OutOfDeviceMemory|OUT_OF_DEVICE_MEMORY|hipErrorOutOfMemory|kIOGPUCommandBufferCallbackErrorOutOfMemory|\b(?:cuda|hip|musa)Malloc\w* failed|\b(?:CUDA|HIP|ROCm|GPU)\b.*\bout of memory\b|\bout of memory\b.*\b(?:CUDA|HIP|ROCm|GPU)\b|\ballocate (?:CUDA|ROCm|HIP|MUSA|Vulkan|Metal|SYCL)\d* buffer\b|\bFree memory on device\b|\bNo available memory for the cache blocks\b/i;

/** Decides about the alert `instance_failed`. It stays raised while requests try again and fail. */
export function judgeFailed({ name, status, reason, onDemand, isRetried }: StatusChange): Verdict {
  if (status !== 'failed') return isRetried && GOES_ON.has(status) ? undefined : null;
  // As the explanation says it. The restarts have ended, but requests still start the instance.
  const [tries] = GAVE_UP.exec(reason ?? '') ?? [];
  const again = tries === undefined ? 'The next request tries again.' : 'Only the next request tries again.';
  const next = onDemand ? again : 'It stays down until it is started.';
  return `${name} failed${tries === undefined ? '' : ` (${tries})`}: ${causeOf(reason)}. ${next}`;
}

/**
 * Decides about the alert `crash_loop`.
 *
 * @param forgiven restarts that no longer count, because the settings have changed since
 */
export function judgeCrashLoop({ name, status, reason, restarts }: StatusChange, forgiven: number): Verdict {
  if (status === 'stopped' || status === 'failed' || restarts < CRASH_LOOP_RESTARTS) return null;
  // This restart is by a command or an update. It resets the count when the engine starts.
  if (status === 'restarting' && reason !== null && !PREFIX.test(reason)) return undefined;
  // The backoff of a hung engine has no status `restarting`; its next `starting` shows the restart.
  if ((status !== 'restarting' && status !== 'starting') || restarts <= forgiven) return undefined;
  const cause = reason === null ? '' : ` The last time: ${causeOf(reason)}.`;
  return `${name} keeps ending and was restarted ${restarts} times in a row.${cause} Its log says more.`;
}

/** Decides about the alert `port_clash`. */
export function judgePortClash({ name, status, reason, port }: StatusChange): Verdict {
  if (status === 'running' || status === 'stopped') return null;
  const isOver = status === 'failed' || status === 'restarting';
  if (!isOver || reason === null) return undefined;
  if (RANGE_TAKEN.test(reason)) {
    return `${name} cannot start: ${causeOf(reason)}. Widen that range, or stop the programs that use its ports.`;
  }
  if (PORT_TAKEN.test(reason)) {
    return `${name} cannot start, because another program has its port ${port}: ${causeOf(reason)}. End that program, or give ${name} another port.`;
  }
  return status === 'failed' ? null : undefined;
}

/** Whether the engine got too little GPU memory; `undefined`: unknown, keep the last result. */
export function judgeGpuMemory({ status, reason }: StatusChange): boolean | undefined {
  if (status === 'running' || status === 'stopped') return false;
  const isOver = status === 'failed' || status === 'restarting';
  if (!isOver || reason === null) return undefined;
  if (GPU_MEMORY.test(reason)) return true;
  return status === 'failed' ? false : undefined;
}

function causeOf(reason: string | null): string {
  return (reason ?? 'the reason is unknown').replace(PREFIX, '').replace(/[.\s]+$/, '');
}
