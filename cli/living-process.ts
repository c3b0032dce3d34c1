import { codeOf } from '@llamactl/contract/reason';

/** Whether a process has this pid and may be a server of ours, because we may signal it. */
export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    if (codeOf(error) === null) throw error;
    return false;
  }
}

/** Whether a process has this pid, of any user. */
export function processExists(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}
