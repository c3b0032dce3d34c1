import { closeSync, openSync } from 'node:fs';
import os from 'node:os';
import { EndingSignals } from './ending-signals.ts';
import { fail } from './output.ts';
import { codeOf } from './reason.ts';

/** What happens when the program is told to end. */
export interface EndInOrder {
  /** Says so. */
  announce: (signal: NodeJS.Signals) => void;
  end: () => Promise<void>;
  /** What has to be done before this process is gone when it is told again. */
  hurry?: (signal: NodeJS.Signals) => Promise<void>;
  /** Of the end in order; default 0. */
  exitCode?: () => number;
  /** What SIGHUP means where there is no terminal that could have closed: as most services take it; default: the end. */
  reload?: () => void;
}

/** The first signal ends the server in order, the next at once: engines are safe either way. */
export function endOnSignal({ announce, end, hurry, exitCode = () => 0, reload }: EndInOrder): void {
  const signals = new EndingSignals();
  let hurriedBy: NodeJS.Signals | null = null;
  const exit = (): never => process.exit(hurriedBy === null ? exitCode() : 128 + os.constants.signals[hurriedBy]);
  const onSignal = (signal: NodeJS.Signals): void => {
    switch (signals.hear(signal, performance.now())) {
      case 'end':
        announce(signal);
        end().then(exit, fail);
        return;
      case 'at once':
        hurriedBy = signal;
        if (hurry === undefined) return exit();
        hurry(signal).then(exit, fail);
        return;
      case 'the same':
    }
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  process.on('SIGHUP', hangUp(onSignal, reload ?? onSignal));
}

/**
 * Node forgets whether whoever started it, such as nohup, wanted it to ignore SIGHUP; but nohup leaves no output to the
 * terminal, which tells the same.
 */
function hangUp(end: NodeJS.SignalsListener, reload: NodeJS.SignalsListener): NodeJS.SignalsListener {
  if (!hasTerminal()) return reload;
  return process.stdout.isTTY || process.stderr.isTTY ? end : () => undefined;
}

/** Whether we belong to a terminal, whose end SIGHUP then tells of, and not to a service. */
function hasTerminal(): boolean {
  try {
    closeSync(openSync('/dev/tty', 'r'));
    return true;
  } catch (error) {
    // No terminal; it is gone already; or there is no such device at all.
    return !['ENXIO', 'EIO', 'ENOENT'].includes(codeOf(error) ?? '');
  }
}
