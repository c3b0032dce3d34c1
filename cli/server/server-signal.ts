import { codeOf } from '@llamactl/contract/reason';
import { EXIT } from '../exit-status.ts';
import { Problem } from '../problem.ts';

/** Sends a signal to a server, which may just have ended. @throws {Problem} when it belongs to another user */
export function signalServer(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (codeOf(error) === 'ESRCH') return;
    if (codeOf(error) !== 'EPERM') throw error;
    throw new Problem(`the server (pid ${pid}) belongs to another user`, EXIT.notAllowed, [
      'run this command as that user, or as root',
    ]);
  }
}
