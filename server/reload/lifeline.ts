import { codeOf } from '@llamactl/contract/reason';
import { writeSync } from 'node:fs';
import type { Readable } from 'node:stream';

/** The exit status of the service, as the last server writes it for the process that was started first. */
const CODE = /^(\d{1,3})\n/m;

/**
 * Waits, in the process that was started first, until all later servers are gone.
 *
 * @returns the exit status that the last server reported; 1: it reported none
 */
export function lastExit(lifeline: Readable): Promise<number> {
  let received = '';
  lifeline.setEncoding('utf8');
  lifeline.on('data', (text: string) => (received += text));
  return new Promise((resolve) => {
    lifeline.on('error', () => lifeline.destroy());
    lifeline.on('end', () => lifeline.destroy());
    lifeline.once('close', () => resolve(Number(CODE.exec(received)?.[1] ?? 1)));
  });
}

/** Reports the exit status of the service. @param descriptor The inherited end of the lifeline. */
export function reportExit(descriptor: number, code: number): void {
  try {
    writeSync(descriptor, `${code}\n`);
  } catch (error) {
    // EPIPE: no process waits for the status.
    if (codeOf(error) !== 'EPIPE') throw error;
  }
}
