import { codeOf } from '@llamactl/contract/reason';
import { closeSync, openSync } from 'node:fs';
import os from 'node:os';
import { fail } from './output.ts';

/** The reactions to signals that end the program. */
export interface EndInOrder {
  /** Reports that the program is ending. */
  announce: (signal: NodeJS.Signals) => void;
  end: () => Promise<void>;
  /** Work that must finish before the process exits at the second signal. */
  hurry?: (signal: NodeJS.Signals) => Promise<void>;
  /** Exit code of an orderly end; default 0. */
  exitCode?: () => number;
  /** The reaction to SIGHUP without a controlling terminal, where most services reload. Default: end. */
  reload?: () => void;
}

/** The meaning of a signal that can end the server. */
type SignalMeaning = 'end' | 'at once' | 'the same';

/**
 * Signals within this time count as one request. timeout(1) and npm forward signals that the process group already got,
 * and a closing shell and its terminal both send SIGHUP.
 */
const ONE_REQUEST_MS = 250;

/** Decides the meaning of each ending signal from its order and time. */
export class EndingSignals {
  #begunAt: number | null = null;

  /** @param now Milliseconds on a clock that only grows. */
  hear(signal: NodeJS.Signals, now: number): SignalMeaning {
    if (this.#begunAt === null) {
      this.#begunAt = now;
      return 'end';
    }
    // A closed terminal is no sign of impatience.
    return signal === 'SIGHUP' || now - this.#begunAt < ONE_REQUEST_MS ? 'the same' : 'at once';
  }
}

/** The first signal ends the server in order, the second at once. Engines are safe either way. */
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
 * Selects the reaction to SIGHUP: `reload` without a controlling terminal, else `end`, but none under nohup. Node loses
 * the SIGHUP disposition that it inherits from nohup. The sign of nohup here is that no output goes to the terminal.
 */
function hangUp(end: NodeJS.SignalsListener, reload: NodeJS.SignalsListener): NodeJS.SignalsListener {
  if (!hasTerminal()) return reload;
  return process.stdout.isTTY || process.stderr.isTTY ? end : () => undefined;
}

/** Whether the process has a controlling terminal, whose end sends SIGHUP. A service has none. */
function hasTerminal(): boolean {
  try {
    closeSync(openSync('/dev/tty', 'r'));
    return true;
  } catch (error) {
    // No controlling terminal, a terminal that is already gone, or no such device.
    return !['ENXIO', 'EIO', 'ENOENT'].includes(codeOf(error) ?? '');
  }
}
