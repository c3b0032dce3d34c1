/**
 * Like `process.kill`. That there is no such process any more, or that its pid has become somebody else's, is an answer.
 *
 * @returns whether it was sent
 */
export function sendSignal(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ESRCH' || error.code === 'EPERM')) return false;
    throw error;
  }
}
