import { writeSync } from 'node:fs';
import type { Readable } from 'node:stream';

/** What is told to the process that was started first, while others serve for it. */
const CODE = /^(\d{1,3})\n/m;

/**
 * How the process that was started first learns that all who served after it are gone.
 *
 * @returns the exit status that the last of them gave; 1: it gave none
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
    // Nobody waits for it.
    if (!(error instanceof Error && 'code' in error && error.code === 'EPIPE')) throw error;
  }
}
