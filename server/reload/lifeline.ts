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
  let told = '';
  lifeline.setEncoding('utf8');
  lifeline.on('data', (text: string) => (told += text));
  return new Promise((resolve) => {
    lifeline.on('error', () => lifeline.destroy());
    lifeline.on('end', () => lifeline.destroy());
    lifeline.once('close', () => resolve(Number(CODE.exec(told)?.[1] ?? 1)));
  });
}

/** Tells with which status the service ends. @param descriptor Of the inherited end. */
export function tellExit(descriptor: number, code: number): void {
  try {
    writeSync(descriptor, `${code}\n`);
  } catch (error) {
    // EPIPE: no process waits for the status.
    if (!(error instanceof Error && 'code' in error && error.code === 'EPIPE')) throw error;
  }
}
