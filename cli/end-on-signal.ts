import { readFileSync } from 'node:fs';
import { fail } from './output.ts';

/** What happens when the program is told to end. */
export interface EndInOrder {
  /** Says so. */
  announce: (signal: NodeJS.Signals) => void;
  end: () => Promise<void>;
  /** Of the end in order; default 0. */
  exitCode?: () => number;
}

/** The first signal ends the server in order, the second at once: engines are safe either way. */
export function endOnSignal({ announce, end, exitCode = () => 0 }: EndInOrder): void {
  let isEnding = false;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (isEnding) process.exit(1);
    isEnding = true;
    announce(signal);
    end().then(() => process.exit(exitCode()), fail);
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  if (!isHangUpIgnored()) process.on('SIGHUP', onSignal);
}

/** Whether whoever started us wants us to outlive the terminal, as nohup does; a listener of ours would undo that. */
function isHangUpIgnored(): boolean {
  if (process.platform !== 'linux') return false;
  const [, mask = '0'] = /^SigIgn:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  // SIGHUP is signal 1: the lowest bit.
  return (BigInt(`0x${mask}`) & 1n) === 1n;
}
