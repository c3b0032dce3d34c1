import { hasCode } from '@llamactl/contract/reason';

/**
 * Sends a signal. Unlike `process.kill`, does not throw if the process is gone or its pid belongs to another user.
 *
 * @returns whether the signal was sent
 */
export function sendSignal(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch (error) {
    if (hasCode(error, ['ESRCH', 'EPERM'])) return false;
    throw error;
  }
}
